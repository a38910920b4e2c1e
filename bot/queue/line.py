"""The place in line: exact while the line is short, from the lanes' aggregates when it is long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database.models import OPEN, Duration, Job, JobStatus, Lane
from bot.queue import estimates, fairness, lanes
from bot.queue.errors import NotFound
from bot.queue.jobs import Place

# Up to here the order is played through job by job (about 2 ms); above, each lane counts with its mean cost.
EXACT_LIMIT: Final = 300

_Learned = dict[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class _Ahead:
    jobs: int
    gpu_ms: float


async def place(session: AsyncSession, job: Job, devices: int, now: datetime) -> Place:
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
    ahead = await _ahead_exactly(session, job, learned)
    if ahead is None:
        ahead = await _ahead_by_lanes(session, job)
    running = await session.scalars(select(Job).where(Job.status == literal_column("'running'")))
    running_ms = [
        estimates.remaining_ms(_cost(learned, row.model, row.size_key, row.cost_gpu_ms), _elapsed_ms(row, now))
        for row in running
    ]
    return Place(ahead.jobs, estimates.eta_s(running_ms, ahead.gpu_ms, own_ms, devices))


async def _ahead_exactly(session: AsyncSession, job: Job, learned: _Learned) -> _Ahead | None:
    """Play the order through; None when the line is too long for that."""
    rows = (
        await session.execute(
            select(Job.id, Job.user_id, Job.cost_gpu_ms, Job.model, Job.size_key, Lane.tag, Lane.weight)
            .join(Lane, Lane.user_id == Job.user_id)
            .where(lanes.IS_QUEUED)
            .order_by(Job.user_id, Job.id)
            .limit(EXACT_LIMIT + 1)
        )
    ).all()
    if len(rows) > EXACT_LIMIT:
        return None
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
    own = await session.get_one(Lane, job.user_id)
    jobs, gpu_ms = (
        await session.execute(
            select(func.count(), func.coalesce(func.sum(Job.cost_gpu_ms), 0)).where(
                lanes.IS_QUEUED, Job.user_id == job.user_id, Job.id < job.id
            )
        )
    ).one()
    tag = own.tag + fairness.charge(gpu_ms, own.weight)
    served = _served_before(tag)
    others, others_ms = (
        await session.execute(
            select(
                func.coalesce(func.sum(served), 0),
                func.coalesce(func.sum(served * Lane.queued_cost_gpu_ms / Lane.queued), 0),
            ).where(
                Lane.head_job_id.is_not(None),
                Lane.tag <= tag,
                (Lane.tag < tag) | (Lane.head_job_id < job.id),
                Lane.user_id != job.user_id,
            )
        )
    ).one()
    return _Ahead(jobs + int(others), float(gpu_ms + others_ms))


def _served_before(tag: float) -> ColumnElement[int]:
    """How many jobs of a lane start before `tag` if each costs the lane's mean: all of them at most."""
    steps = (tag - Lane.tag) * Lane.weight * Lane.queued / Lane.queued_cost_gpu_ms
    whole = cast(steps, BigInteger)
    started = case((steps > whole, whole + 1), else_=whole)
    return case((Lane.tag >= tag, 1), (started > Lane.queued, Lane.queued), else_=started)


def _cost(learned: _Learned, model: str, size_key: str, cost_gpu_ms: int) -> float:
    """The best known duration: a job may have been accepted before anything like it was measured."""
    return learned.get((model, size_key), float(cost_gpu_ms))


def _elapsed_ms(job: Job, now: datetime) -> float:
    return 0.0 if job.started_at is None else (now - job.started_at) / timedelta(milliseconds=1)
