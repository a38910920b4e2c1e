"""What admins read: pure functions from facts to messages. Names of people are escaped, prompts never appear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from bot import wording, zones
from bot.database.models import BroadcastStatus
from bot.progress_bar import progress_bar
from bot.queue.errors import NotFound
from bot.texts import Html, Translator

if TYPE_CHECKING:
    from bot.admin.desk import AuditLine, Card, JobLine, OpenJobs
    from bot.database.broadcasts import Broadcast
    from bot.database.statistics import Figures, Load, Spread
    from bot.database.users import Person
    from bot.queue.jobs import Credits, Job
    from engines.pool import PoolState
    from engines.worker import DeviceState

_GIB: Final = 2**30
_MIB: Final = 2**20
NAME_LIMIT: Final = 40
FAILURES_SHOWN: Final = 5


def panel(t: Translator, load: Load, *, maintenance_is_on: bool) -> str:
    """The control room."""
    waits = t("admin-nothing-waits") if load.oldest_wait_s is None else wording.duration(t, load.oldest_wait_s)
    text = t(
        "admin-panel",
        queued=load.queued,
        running=load.running,
        wait=Html(waits),
        maintenance=Html(t("admin-on" if maintenance_is_on else "admin-off")),
    )
    return f"{text}\n\n{t('admin-panel-commands')}"


def card(t: Translator, facts: Card, utc_offset_min: int) -> str:
    """Somebody's use of the bot, dates on the reader's calendar."""
    person, credits = facts.person, facts.credits
    lines = [
        t(
            "admin-user",
            name=_shortened(person.first_name),
            id=str(person.id),
            handle=f"@{person.username}" if person.username else t.plain("admin-user-no-handle"),
            spoken=person.language or person.language_code or "?",
            zone=wording.utc_offset(person.utc_offset_min),
            joined=f"{zones.local(person.created_at, utc_offset_min):%Y-%m-%d}",
            seen=Html(ago(t, facts.now - person.last_seen_at)),
            left=credits.left,
            daily=credits.daily,
            favourites=facts.favourites,
        )
    ]
    if person.is_banned:
        lines.append(t("admin-user-banned"))
    if person.blocked_at is not None:
        lines.append(t("admin-user-blocked"))
    lines += ["", t("admin-user-open", count=len(facts.open_jobs))]
    if facts.latest:
        lines.append(t("admin-user-latest"))
        lines += [job(t, one, facts.now) for one in facts.latest]
    return "\n".join(lines)


def job(t: Translator, one: Job, now: datetime) -> str:
    """A job in a list of one person's."""
    return t(
        "admin-job-line",
        id=str(one.id),
        status=Html(t(f"admin-status-{one.status}")),
        model=model_of(t, one),
        age=Html(ago(t, now - one.created_at)),
    )


def quota(t: Translator, person: Person, credits: Credits, now: datetime) -> str:
    """Somebody's credits."""
    wait_s = max(0.0, (credits.resets_at - now).total_seconds())
    wait = Html(wording.duration(t, wait_s))
    return t("admin-quota-now", who=name(person), left=credits.left, daily=credits.daily, wait=wait)


def jobs(t: Translator, found: OpenJobs) -> str:
    """A page of the open jobs, one a line."""
    lines = [t("admin-jobs", count=found.count), ""]
    lines += [_job_line(t, line, found.now) for line in found.lines]
    if found.pages > 1:
        lines += ["", t("admin-jobs-page", page=found.page + 1, pages=found.pages)]
    return "\n".join(lines).rstrip()


def engines(t: Translator, state: PoolState) -> str:
    """The devices: what they do, and what is in their memory."""
    if not state.devices:
        return t("admin-engines-starting")
    return "\n\n".join([t("admin-engines", count=len(state.devices)), *(_device(t, one) for one in state.devices)])


def audit(t: Translator, lines: Sequence[AuditLine], utc_offset_min: int) -> str:
    """What admins did, by the reader's clock."""
    if not lines:
        return t("admin-audit-empty")
    told = []
    for line in lines:
        act = line.act
        target = "" if act.target_user_id is None else name_or_id(line.target, act.target_user_id)
        text = t(
            "admin-audit-line",
            at=f"{zones.local(act.at, utc_offset_min):%Y-%m-%d %H:%M}",
            admin=name_or_id(line.admin, act.admin_id),
            action=act.action,
            target=target,
            details=act.details,
        )
        told.append(" ".join(text.split()))
    return "\n".join([t("admin-audit"), "", *told])


def statistics(t: Translator, figures: Figures, people: Mapping[int, Person], *, days: int) -> str:
    """The words under the chart."""
    title = t("admin-stats-day" if days == 1 else "admin-stats-week")
    if not (figures.done or figures.failed or figures.cancelled):
        return f"{title}\n{t('admin-stats-empty')}"
    lines = [
        title,
        t("admin-stats-jobs", done=figures.done, failed=figures.failed, cancelled=figures.cancelled),
        t("admin-stats-users", users=figures.active_users),
    ]
    for key, spread in (("admin-stats-wait", figures.wait), ("admin-stats-run", figures.run)):
        if spread is not None:
            lines.append(_spread(t, key, spread))
    lines += [t("admin-stats-failure", code=code, count=count) for code, count in figures.failures[:FAILURES_SHOWN]]
    if figures.busiest:
        lines += ["", t("admin-stats-busiest")]
        for number, busy in enumerate(figures.busiest[:5], 1):
            who = name_or_id(people.get(busy.user_id), busy.user_id)
            lines.append(t("admin-stats-busy", number=number, who=who, count=busy.jobs))
    return "\n".join(lines)


def broadcast_running(t: Translator, broadcast: Broadcast) -> str:
    """The bar."""
    return t(
        "admin-broadcast-running",
        bar=progress_bar(broadcast.handled, broadcast.recipients),
        handled=broadcast.handled,
        recipients=broadcast.recipients,
    )


def broadcast_report(t: Translator, broadcast: Broadcast) -> str:
    """How it ended."""
    is_done = broadcast.status is BroadcastStatus.DONE
    lines = [
        t("admin-broadcast-done" if is_done else "admin-broadcast-stopped"),
        t("admin-broadcast-counts", sent=broadcast.sent, blocked=broadcast.blocked, failed=broadcast.failed),
    ]
    if broadcast.unsure:
        lines.append(t("admin-broadcast-unsure", unsure=broadcast.unsure))
    if broadcast.started_at is not None and broadcast.finished_at is not None:
        took_s = (broadcast.finished_at - broadcast.started_at).total_seconds()
        lines.append(t("admin-broadcast-took", time=Html(wording.duration(t, took_s))))
    return "\n".join(lines)


def name(person: Person) -> str:
    """Somebody in a sentence: the first name and what leads to them."""
    return f"{_shortened(person.first_name)} ({f'@{person.username}' if person.username else person.id})"


def name_or_id(person: Person | None, user_id: int) -> str:
    """The same for somebody who may be forgotten."""
    return str(user_id) if person is None or not person.first_name else name(person)


def ago(t: Translator, past: timedelta) -> str:
    """How long something is over."""
    return t("admin-ago", time=Html(wording.duration(t, max(0.0, past.total_seconds()))))


def model_of(t: Translator, one: Job) -> str:
    """The model of a job; erased and outdated ones have none to tell."""
    try:
        return wording.model_name(t, one.task.model, refined=False)
    except (NotFound, ValidationError):
        return "–"


def _job_line(t: Translator, line: JobLine, now: datetime) -> str:
    owner = name_or_id(line.owner, line.job.user_id)
    age, model = Html(ago(t, now - line.job.created_at)), model_of(t, line.job)
    if line.ahead is None:
        return t("admin-jobs-running", id=str(line.job.id), owner=owner, model=model, age=age)
    return t("admin-jobs-queued", id=str(line.job.id), place=line.ahead + 1, owner=owner, model=model, age=age)


def _device(t: Translator, device: DeviceState) -> str:
    used = sum(resident.bytes for resident in device.residents)
    state = t("admin-device-busy", running=device.running) if device.running else t("admin-device-idle")
    if device.waiting:
        state += t("admin-device-waiting", waiting=device.waiting)
    lines = [
        t(
            "admin-device",
            name=device.name,
            state=Html(state),
            bar=progress_bar(used, device.budget_bytes),
            used=f"{used / _GIB:.1f}",
            budget=f"{device.budget_bytes / _GIB:.1f}",
        )
    ]
    for resident in device.residents:
        leased = t("admin-resident-leased") if resident.leased else ""
        lines.append(t("admin-resident", name=resident.name, size=_size(t, resident.bytes), leased=Html(leased)))
    if not device.residents:
        lines.append(t("admin-device-empty"))
    return "\n".join(lines)


def _size(t: Translator, size_bytes: int) -> Html:
    if size_bytes >= _GIB:
        return Html(t("admin-size-gib", size=f"{size_bytes / _GIB:.1f}"))
    return Html(t("admin-size-mib", size=f"{size_bytes / _MIB:.0f}"))


def _spread(t: Translator, key: str, spread: Spread) -> str:
    mean, p50, p95 = (_seconds(t, value) for value in (spread.mean_s, spread.p50_s, spread.p95_s))
    return t(key, mean=mean, p50=p50, p95=p95)


def _seconds(t: Translator, seconds: float) -> Html:
    """A measured time: to the second where that says something."""
    if seconds < 60:
        return Html(t("duration-seconds", seconds=round(seconds, 1) if seconds < 10 else round(seconds)))
    return Html(wording.duration(t, seconds))


def _shortened(text: str) -> str:
    return wording.shortened(" ".join(text.split()), NAME_LIMIT)
