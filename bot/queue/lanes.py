"""The lanes in the database: who is next, and what joining, leaving and serving do to the fair order.

Every function runs inside a write transaction that holds the clock row, so that two claims never see the same head.
The schema checks a lane at every flush, so whatever is read is read before the first field of a lane changes.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Select, bindparam, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.database.models import Job, Lane, QueueClock, User
from bot.queue import fairness
from bot.queue.errors import NotFound

# Spelled as a literal: SQLite uses a partial index only where the query repeats its condition word for word.
IS_QUEUED: Final = Job.status == literal_column("'queued'")

# The claim: the next lane, its head, and who comes after it in the lane. ix_lanes_line gives the lanes in this very
# order; lanes at their running limit are skipped, and there are at most as many of those as jobs in service. So the
# cost does not depend on the length of the line.
_later: Final = aliased(Job)
NEXT: Final[Select[Lane, Job, int | None]] = (
    select(
        Lane,
        Job,
        select(_later.id)
        .where(_later.status == literal_column("'queued'"), _later.user_id == Lane.user_id, _later.id > Job.id)
        .order_by(_later.id)
        .limit(1)
        .scalar_subquery(),
    )
    .join(Job, Job.id == Lane.head_job_id)
    .where(Lane.head_job_id.is_not(None), Lane.running < bindparam("max_running"))
    .order_by(Lane.tag, Lane.head_job_id)
    .limit(1)
)

_USER_AND_LANE: Final[Select[User, Lane | None]] = (
    select(User, Lane).outerjoin(Lane, Lane.user_id == User.id).where(User.id == bindparam("user_id"))
)
_CLOCK: Final = select(QueueClock).where(QueueClock.id == 1).with_for_update()


async def lock_clock(session: AsyncSession) -> QueueClock:
    """The clock row. On PostgreSQL its lock makes changes of the order take turns; SQLite has one writer anyway."""
    return (await session.scalars(_CLOCK)).one()


async def lane_of(session: AsyncSession, user_id: int, clock: QueueClock) -> tuple[User, Lane]:
    """The user and the user's lane, made when the user submits for the first time. NotFound without such a user."""
    found = (await session.execute(_USER_AND_LANE, {"user_id": user_id})).first()
    if found is None:
        raise NotFound(f"user {user_id}")
    user, lane = found
    if lane is None:
        lane = Lane(user_id=user_id, tag=clock.virtual_time, queued=0, queued_cost_gpu_ms=0, running=0)
        session.add(lane)
    lane.weight = user.weight
    return user, lane


def join(lane: Lane, job: Job, clock: QueueClock) -> None:
    """Put a new job at the end of its lane."""
    if lane.queued == 0:
        lane.tag = fairness.arrival_tag(lane.tag, clock.virtual_time)
        lane.head_job_id = job.id
    lane.queued += 1
    lane.queued_cost_gpu_ms += job.cost_gpu_ms


async def leave(session: AsyncSession, lane: Lane, job: Job) -> None:
    """Take a queued job out of its lane without serving it: nothing has been charged yet."""
    head_job_id = lane.head_job_id
    if head_job_id == job.id:
        head_job_id = await session.scalar(
            select(Job.id).where(IS_QUEUED, Job.user_id == lane.user_id, Job.id > job.id).order_by(Job.id).limit(1)
        )
    _remove(lane, job, head_job_id)


def serve(lane: Lane, job: Job, next_job_id: int | None, clock: QueueClock) -> None:
    """Begin the service of the lane's head: the clock moves to its start, the lane pays the predicted cost."""
    _remove(lane, job, next_job_id)
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


def _remove(lane: Lane, job: Job, head_job_id: int | None) -> None:
    lane.head_job_id = head_job_id
    lane.queued -= 1
    lane.queued_cost_gpu_ms -= job.cost_gpu_ms
