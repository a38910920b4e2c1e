"""Leases: the right to run a job, taken in the fair order, kept by heartbeats, ended once.

A lease's token is compared with the row's at every step. Taking a job back and claiming it again raises the token, so
a worker that was slow, not dead, can change nothing afterwards. Every function runs inside a write transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database.models import Job, JobStatus, Lane
from bot.queue import lanes
from bot.queue.errors import LeaseLost
from bot.queue.jobs import Heartbeat, Lease, Limits, NewArtifact, Recovered
from bot.queue.service import Service

TOO_MANY_ATTEMPTS: Final = "too_many_attempts"  # the worker was lost every time

RUNNING: Final[Select[Job, Lane]] = (
    select(Job, Lane)
    .join(Lane, Lane.user_id == Job.user_id)
    .where(Job.status == literal_column("'running'"))  # literal: see lanes.IS_QUEUED
)
_HELD: Final = RUNNING.where(Job.id == bindparam("job_id"), Job.lease_token == bindparam("token"))


async def claim(session: AsyncSession, owner: str, lease_s: float, limits: Limits, now: datetime) -> Job | None:
    """Take the next job in the fair order."""
    clock = await lanes.lock_clock(session)
    found = (await session.execute(lanes.NEXT, {"max_running": limits.max_running})).first()
    if found is None:
        return None
    lane, job, next_job_id = found
    lanes.serve(lane, job, next_job_id, clock)
    job.status = JobStatus.RUNNING
    job.attempt += 1
    job.lease_token += 1
    job.lease_owner = owner
    job.lease_until = now + timedelta(seconds=lease_s)
    job.started_at = now
    return job


async def heartbeat(session: AsyncSession, lease: Lease, now: datetime) -> Heartbeat:
    """Extend a lease. It counts as long as nobody took the job back, even late."""
    until = now + timedelta(seconds=lease.lease_s)
    cancel_requested = await session.scalar(
        update(Job)
        .where(Job.id == lease.job.id, Job.lease_token == lease.token, Job.status == JobStatus.RUNNING)
        .values(lease_until=until)
        .returning(Job.cancel_requested)
        .execution_options(synchronize_session=False)
    )
    if cancel_requested is None:
        raise _lost(lease)
    return Heartbeat(cancel_requested, until)


async def finish(
    session: AsyncSession,
    lease: Lease,
    artifacts: Sequence[NewArtifact],
    gpu_ms: int,
    limits: Limits,
    now: datetime,
) -> Job:
    """Store a result."""
    service = await _service(session, lease, limits, now)
    await service.done(artifacts, gpu_ms)
    return service.job


async def fail(
    session: AsyncSession, lease: Lease, error_code: str, retryable: bool, limits: Limits, now: datetime
) -> JobStatus:
    """End a run that failed."""
    service = await _service(session, lease, limits, now)
    return await service.given_up(error_code, retryable)


async def release(session: AsyncSession, lease: Lease, limits: Limits, now: datetime) -> JobStatus:
    """End a run that was interrupted on purpose."""
    service = await _service(session, lease, limits, now)
    return await service.interrupted()


async def acknowledge_cancel(session: AsyncSession, lease: Lease, limits: Limits, now: datetime) -> None:
    """End a run that stopped because its user asked."""
    service = await _service(session, lease, limits, now)
    await service.cancelled()


async def recover_expired(session: AsyncSession, limits: Limits, now: datetime) -> Recovered:
    """Take back the jobs whose lease has run out."""
    return await _recover(session, Job.lease_until < now, limits, now)


async def recover_others(session: AsyncSession, owner: str, limits: Limits, now: datetime) -> Recovered:
    """Take back the jobs of all other owners."""
    return await _recover(session, Job.lease_owner != owner, limits, now)


async def _recover(session: AsyncSession, lost: ColumnElement[bool], limits: Limits, now: datetime) -> Recovered:
    clock = await lanes.lock_clock(session)
    ended: dict[JobStatus, list[int]] = {JobStatus.QUEUED: [], JobStatus.FAILED: [], JobStatus.CANCELLED: []}
    # Sorted here: ORDER BY id would make SQLite walk through all jobs there ever were instead of the running ones.
    found = sorted((await session.execute(RUNNING.where(lost))).all(), key=lambda row: row[0].id)
    for job, lane in found:
        status = await Service(session, job, lane, clock, limits, now).given_up(TOO_MANY_ATTEMPTS, retryable=True)
        ended[status].append(job.id)
    return Recovered(
        requeued=tuple(ended[JobStatus.QUEUED]),
        failed=tuple(ended[JobStatus.FAILED]),
        cancelled=tuple(ended[JobStatus.CANCELLED]),
    )


async def _service(session: AsyncSession, lease: Lease, limits: Limits, now: datetime) -> Service:
    """The job of a lease that still stands. LeaseLost otherwise."""
    clock = await lanes.lock_clock(session)
    found = (await session.execute(_HELD, {"job_id": lease.job.id, "token": lease.token})).first()
    if found is None:
        raise _lost(lease)
    job, lane = found
    return Service(session, job, lane, clock, limits, now)


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"job {lease.job.id}, lease {lease.token}")
