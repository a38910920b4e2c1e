"""The lanes in the database: who is next, and what joining, leaving and serving do to the fair order.

Every function runs inside a write transaction that holds the clock row, so that two claims never see the same head.
The schema checks a lane at every flush, so each function reads first and changes all fields of the lane together.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Select, bindparam, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database.models import Job, Lane, QueueClock, User
from bot.queue import fairness
from bot.queue.errors import NotFound

# Spelled as a literal: SQLite uses a partial index only where the query repeats its condition word for word.
IS_QUEUED: Final = Job.status == literal_column("'queued'")

# The claim. ix_lanes_line gives the lanes in this very order; lanes at their running limit are skipped, and there are
# at most as many of those as jobs in service. So the cost does not depend on the length of the line.
NEXT_LANE: Final[Select[Lane]] = (
    select(Lane)
    .where(Lane.head_job_id.is_not(None), Lane.running < bindparam("max_running"))
    .order_by(Lane.tag, Lane.head_job_id)
    .limit(1)
)


async def lock_clock(session: AsyncSession) -> QueueClock:
    """The clock row. On PostgreSQL its lock makes changes of the order take turns; SQLite has one writer anyway."""
    return await session.get_one(QueueClock, 1, with_for_update=True)


async def lane_of(session: AsyncSession, user_id: int, clock: QueueClock) -> Lane:
    """The user's lane, made when the user submits for the first time. NotFound without such a user."""
    user = await session.get(User, user_id)
    if user is None:
        raise NotFound(f"user {user_id}")
    lane = await session.get(Lane, user_id)
    if lane is None:
        lane = Lane(user_id=user_id, tag=clock.virtual_time, queued=0, queued_cost_gpu_ms=0, running=0)
        session.add(lane)
    lane.weight = user.weight
    return lane


def join(lane: Lane, job: Job, clock: QueueClock) -> None:
    """Put a new job at the end of its lane."""
    if lane.queued == 0:
        lane.tag = fairness.arrival_tag(lane.tag, clock.virtual_time)
        lane.head_job_id = job.id
    lane.queued += 1
    lane.queued_cost_gpu_ms += job.cost_gpu_ms


async def leave(session: AsyncSession, lane: Lane, job: Job) -> None:
    """Take a queued job out of its lane without serving it: nothing has been charged yet."""
    await _remove(session, lane, job)


async def serve(session: AsyncSession, lane: Lane, job: Job, clock: QueueClock) -> None:
    """Begin the service of the lane's head: the clock moves to its start, the lane pays the predicted cost."""
    await _remove(session, lane, job)
    clock.virtual_time = max(clock.virtual_time, lane.tag)
    job.charged_tag = fairness.charge(job.cost_gpu_ms, lane.weight)
    lane.tag += job.charged_tag
    lane.running += 1


def end_service(lane: Lane, job: Job, clock: QueueClock, used_gpu_ms: float, max_running: int) -> None:
    """End the service of a running job: the lane pays what was used instead of what was predicted.

    A lane that waited only for its own running limit has saved up nothing meanwhile, like an idle one.
    """
    assert job.charged_tag is not None, "a running job has been charged"
    lane.tag += fairness.correction(job.charged_tag, job.cost_gpu_ms, used_gpu_ms)
    if lane.running >= max_running:
        lane.tag = fairness.arrival_tag(lane.tag, clock.virtual_time)
    lane.running -= 1
    job.charged_tag = None


def put_back(lane: Lane, job: Job) -> None:
    """Return a running job to the front of its lane and give back all it paid; it was accepted before the others."""
    assert job.charged_tag is not None, "a running job has been charged"
    lane.tag -= job.charged_tag
    lane.running -= 1
    job.charged_tag = None
    lane.head_job_id = job.id if lane.head_job_id is None else min(lane.head_job_id, job.id)
    lane.queued += 1
    lane.queued_cost_gpu_ms += job.cost_gpu_ms


async def _remove(session: AsyncSession, lane: Lane, job: Job) -> None:
    if lane.head_job_id == job.id:
        with session.no_autoflush:
            lane.head_job_id = await session.scalar(
                select(Job.id).where(IS_QUEUED, Job.user_id == lane.user_id, Job.id != job.id).order_by(Job.id).limit(1)
            )
    lane.queued -= 1
    lane.queued_cost_gpu_ms -= job.cost_gpu_ms
