"""The place in line: exact while the line is short, from the lanes' aggregates when it is long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database.models import OPEN, Duration, Job, JobStatus, Lane
from bot.queue import estimates, fairness, lanes
from bot.queue.errors import NotFound
from bot.queue.jobs import Place

# Up to here the order is played through job by job (about 2 ms); above, each lane counts with its mean cost.
EXACT_LIMIT: Final = 300

IN_SERVICE: Final = select(Job).where(Job.status == literal_column("'running'"))  # literal: see lanes.IS_QUEUED

_ROUNDING: Final = 1e-9  # jobs; tags are sums of floats

_Learned = dict[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class _Ahead:
    jobs: int
    gpu_ms: float


async def place(
    session: AsyncSession, job: Job, devices: int, now: datetime, *, exact_limit: int = EXACT_LIMIT
) -> Place:
    """Where an open job stands. NotFound for one that is over."""
    if job.status not in OPEN:
        raise NotFound(f"job {job.id} is over")
    learned: _Learned = {
        (model, size_key): mean_ms
        for model, size_key, mean_ms in await session.execute(
            select(Duration.model, Duration.size_key, Duration.mean_gpu_ms)
        )
    }
    own_ms = _cost(learned, job.model, job.size_key, job.cost_gpu_ms)
    if job.status is JobStatus.RUNNING:
        return Place(0, estimates.eta_s([], 0.0, estimates.remaining_ms(own_ms, _elapsed_ms(job, now)), devices))
    ahead = await _ahead_exactly(session, job, learned, exact_limit)
    if ahead is None:
        ahead = await _ahead_by_lanes(session, job)
    running = await session.scalars(IN_SERVICE)
    running_ms = [
        estimates.remaining_ms(_cost(learned, row.model, row.size_key, row.cost_gpu_ms), _elapsed_ms(row, now))
        for row in running
    ]
    return Place(ahead.jobs, estimates.eta_s(running_ms, ahead.gpu_ms, own_ms, devices))


async def _ahead_exactly(session: AsyncSession, job: Job, learned: _Learned, exact_limit: int) -> _Ahead | None:
    """Play the order through; None when the line is too long for that."""
    some = select(Job.id).where(lanes.IS_QUEUED).limit(exact_limit + 1).subquery()
    if (await session.scalar(select(func.count()).select_from(some)) or 0) > exact_limit:
        return None
    rows = (
        await session.execute(
            select(Job.id, Job.user_id, Job.cost_gpu_ms, Job.model, Job.size_key, Lane.tag, Lane.weight)
            .join(Lane, Lane.user_id == Job.user_id)
            .where(lanes.IS_QUEUED)
            .order_by(Job.user_id, Job.id)
        )
    ).all()
    costs_ms: dict[int, float] = {}
    of_user: dict[int, list[tuple[int, float]]] = {}
    backlogs: list[fairness.Backlog] = []
    for job_id, user_id, cost_gpu_ms, model, size_key, tag, weight in rows:
        costs_ms[job_id] = _cost(learned, model, size_key, cost_gpu_ms)
        if user_id not in of_user:
            of_user[user_id] = []
            backlogs.append(fairness.Backlog(tag, weight, of_user[user_id]))
        of_user[user_id].append((job_id, cost_gpu_ms))
    ahead: list[int] = []
    for job_id in fairness.serving_order(backlogs):
        if job_id == job.id:
            break
        ahead.append(job_id)
    return _Ahead(len(ahead), sum(costs_ms[job_id] for job_id in ahead))


async def _ahead_by_lanes(session: AsyncSession, job: Job) -> _Ahead:
    """Count, in one pass over the index of lanes, the jobs that start before this one."""
    own = (await session.scalars(select(Lane).where(Lane.user_id == job.user_id))).one()
    jobs, gpu_ms = (await session.execute(own_before(job.user_id, job.id))).one()
    tag = own.tag + fairness.charge(gpu_ms, own.weight)
    others, others_ms = (await session.execute(others_before(tag, job, own))).one()
    return _Ahead(jobs + int(others), float(gpu_ms + others_ms))


def own_before(user_id: int, job_id: int) -> Select[int, int]:
    """Number and cost of the user's queued jobs before a job."""
    return select(func.count(), func.coalesce(func.sum(Job.cost_gpu_ms), 0)).where(
        lanes.IS_QUEUED, Job.user_id == user_id, Job.id < job_id
    )


def others_before(tag: float, job: Job, own: Lane) -> Select[int, float | Decimal]:
    """Number and cost of the jobs of other lanes that start before a job of this tag.

    Each lane counts as if its jobs cost their mean, so the answer is off by at most the spread of costs within lanes.
    """
    served = _served_before(tag, own)
    return select(
        func.coalesce(func.sum(served), 0),
        func.coalesce(func.sum(served * Lane.queued_cost_gpu_ms / Lane.queued), 0.0),
    ).where(
        Lane.head_job_id.is_not(None),
        Lane.tag <= tag,
        (Lane.tag < tag) | (Lane.head_job_id < job.id),
        Lane.user_id != job.user_id,
    )


def _served_before(tag: float, own: Lane) -> ColumnElement[int]:
    """How many jobs of a lane, known to start before `tag` with one, do so: all of them at most.

    At equal tags the older job goes first. Only the heads' ages are at hand: the lane with the older head is taken to
    have the older jobs throughout, as it has when users take turns or come one after another.
    """
    paid = (tag - Lane.tag) * Lane.weight
    steps = paid * Lane.queued / Lane.queued_cost_gpu_ms
    one_more = case((Lane.head_job_id < own.head_job_id, 1.0 + _ROUNDING), else_=1.0 - _ROUNDING)
    return case(
        (Lane.queued == 1, 1),
        (Lane.tag >= tag, 1),
        (paid >= Lane.queued_cost_gpu_ms * (1.0 - _ROUNDING), Lane.queued),
        else_=cast(steps + one_more, BigInteger),
    )


def _cost(learned: _Learned, model: str, size_key: str, cost_gpu_ms: int) -> float:
    """The best known duration: a job may have been accepted before anything like it was measured."""
    return learned.get((model, size_key), float(cost_gpu_ms))


def _elapsed_ms(job: Job, now: datetime) -> float:
    return 0.0 if job.started_at is None else (now - job.started_at) / timedelta(milliseconds=1)
