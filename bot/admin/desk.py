"""What admins do to people and jobs: each act is carried out, said to whom it concerns, and written down."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramForbiddenError

from bot.admin import asking
from bot.clock import Clock, utc_now
from bot.database.models import OPEN, JobStatus
from bot.queue.errors import NotFound
from bot.queue.jobs import CancelOutcome

if TYPE_CHECKING:
    from bot.database.audit import Act, Audit
    from bot.database.history import History
    from bot.database.users import Person, Users
    from bot.queue.jobs import Credits, Job
    from bot.queue.protocol import JobQueue
    from bot.studio import Studio
    from bot.texts import Texts

log = structlog.get_logger(__name__)

LATEST_JOBS: Final = 5
JOBS_PAGE: Final = 8
AUDIT_LIMIT: Final = 25


@dataclass(frozen=True, slots=True)
class Card:
    """Somebody as an admin sees them: no prompts."""

    person: Person
    is_admin: bool
    credits: Credits
    open_jobs: tuple[Job, ...]
    latest: tuple[Job, ...]
    favourites: int
    now: datetime


@dataclass(frozen=True, slots=True)
class JobLine:
    """An open job with its owner; `ahead` jobs are served before it, None while it runs."""

    job: Job
    owner: Person | None
    ahead: int | None


@dataclass(frozen=True, slots=True)
class OpenJobs:
    """A page of everybody's open jobs; `page` counts from 0, `count` is the number of jobs on all pages."""

    count: int
    page: int
    pages: int
    lines: tuple[JobLine, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An act with the names of those concerned."""

    act: Act
    admin: Person | None
    target: Person | None


class AdminDesk:
    """The admins' services around people and jobs."""

    def __init__(
        self,
        admins: Collection[int],
        users: Users,
        studio: Studio,
        queue: JobQueue,
        history: History,
        audit: Audit,
        bot: Bot,
        texts: Texts,
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._admins = frozenset(admins)
        self._users = users
        self._studio = studio
        self._queue = queue
        self._history = history
        self._audit = audit
        self._bot = bot
        self._texts = texts
        self._clock = clock

    def is_admin(self, user_id: int) -> bool:
        """The settings name this user as an admin."""
        return user_id in self._admins

    async def find(self, who: asking.Who) -> Person | None:
        """Somebody who has written to the bot."""
        if isinstance(who, asking.ById):
            return await self._users.find(who.user_id)
        return await self._users.by_name(who.username)

    async def card(self, admin: Person, person: Person) -> Card:
        """Somebody's use of the bot. That it was looked at is written down."""
        await self._audit.record(admin.id, "user", person.id)
        return await self.fresh_card(person.id)

    async def fresh_card(self, user_id: int) -> Card:
        """The card as it is now. NotFound."""
        person = await self._users.find(user_id)
        if person is None:
            raise NotFound(f"user {user_id}")
        return Card(
            person=person,
            is_admin=self.is_admin(person.id),
            credits=await self._queue.credits(person.id),
            open_jobs=tuple(await self._queue.jobs_of(person.id)),
            latest=tuple(await self._queue.jobs_of(person.id, open_only=False, limit=LATEST_JOBS)),
            favourites=await self._history.count_favourites(person.id),
            now=self._clock(),
        )

    async def credits(self, person: Person) -> Credits:
        """Somebody's credits of today."""
        return await self._queue.credits(person.id)

    async def set_quota(self, admin: Person, person: Person, asked: asking.Amount, key: str) -> Credits:
        """Set the daily credits, or change today's once for each key; what is left then."""
        if isinstance(asked, asking.Grant):
            credits = await self._queue.grant(person.id, asked.delta, f"admin {admin.id}", key=key)
            details = f"{asked.delta:+d}"
        else:
            await self._users.set_daily_credits(person.id, asked.credits)
            credits = await self._queue.credits(person.id)
            details = "default" if asked.credits is None else str(asked.credits)
        await self._record(admin, "quota", person.id, details)
        return credits

    async def ban(self, admin: Person, person: Person) -> int | None:
        """Close somebody's access and stop what they have in line; how many jobs that were. None: banned already."""
        if person.is_banned:
            return None
        await self._users.set_banned(person.id, True)
        stopped = await self._studio.cancel_all(person)
        await self._record(admin, "ban", person.id, f"{stopped} jobs stopped")
        await self._tell(person, "banned-notice")
        return stopped

    async def unban(self, admin: Person, person: Person) -> bool:
        """Open somebody's access again; False where it was open."""
        if not person.is_banned:
            return False
        await self._users.set_banned(person.id, False)
        await self._record(admin, "unban", person.id)
        await self._tell(person, "unbanned-notice")
        return True

    async def open_jobs(self, page: int) -> OpenJobs:
        """A page of everybody's open jobs: the running ones, then those in line, the oldest first."""
        jobs = await self._queue.open_jobs()
        jobs.sort(key=lambda job: job.status is not JobStatus.RUNNING)  # stable: by age otherwise
        pages = max(1, -(-len(jobs) // JOBS_PAGE))
        page = min(max(page, 0), pages - 1)
        lines = [await self._line(job) for job in jobs[page * JOBS_PAGE : (page + 1) * JOBS_PAGE]]
        return OpenJobs(len(jobs), page, pages, tuple(line for line in lines if line is not None), self._clock())

    async def cancel(self, admin: Person, job_id: int) -> CancelOutcome:
        """Cancel anybody's job with a refund. NotFound."""
        job = await self._queue.get(job_id)
        if job.status not in OPEN:
            return CancelOutcome.TOO_LATE
        owner = await self._users.find(job.user_id)
        if owner is None:
            raise NotFound(f"user {job.user_id}")
        outcome = await self._studio.cancel(owner, job_id)
        if outcome is not CancelOutcome.TOO_LATE:
            await self._record(admin, "cancel", owner.id, f"job {job_id}")
        return outcome

    async def record(self, admin: Person, action: str, details: str = "") -> None:
        """Write down an act that concerns nobody in particular."""
        await self._record(admin, action, None, details)

    async def audit(self) -> list[AuditLine]:
        """The newest acts, newest first."""
        return [
            AuditLine(
                act,
                await self._users.find(act.admin_id),
                None if act.target_user_id is None else await self._users.find(act.target_user_id),
            )
            for act in await self._audit.latest(AUDIT_LIMIT)
        ]

    async def people(self, user_ids: Collection[int]) -> dict[int, Person]:
        """The known ones of some users."""
        found = [await self._users.find(user_id) for user_id in user_ids]
        return {person.id: person for person in found if person is not None}

    async def _line(self, job: Job) -> JobLine | None:
        """An open job with its place; None where it ended meanwhile."""
        owner = await self._users.find(job.user_id)
        if job.status is JobStatus.RUNNING:
            return JobLine(job, owner, None)
        try:
            return JobLine(job, owner, (await self._queue.place(job.id)).position)
        except NotFound:
            return None

    async def _record(self, admin: Person, action: str, target_user_id: int | None, details: str = "") -> None:
        await self._audit.record(admin.id, action, target_user_id, details)
        log.info("admin_action", admin_id=admin.id, action=action, target_user_id=target_user_id, details=details)

    async def _tell(self, person: Person, key: str) -> None:
        t = self._texts.translator(person.language or person.language_code)
        try:
            await self._bot.send_message(person.id, t(key))
        except TelegramForbiddenError:
            await self._users.set_blocked(person.id, True)
        except (TelegramAPIError, OSError) as error:
            log.info("person_not_told", user_id=person.id, error=type(error).__name__)
