"""Jobs in service: claimed, kept alive, ended, taken back. Every function runs inside a write transaction.

A lease's token is compared with the row's at every step. Taking a job back and claiming it again raises the token, so
a worker that was slow, not dead, can change nothing afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import models
from bot.database.models import JobStatus
from bot.queue import estimates, lanes, ledger
from bot.queue.errors import LeaseLost
from bot.queue.jobs import Lease, Limits, NewArtifact, Recovered

TOO_MANY_ATTEMPTS: Final = "too_many_attempts"  # the worker was lost every time

_IS_RUNNING: Final = models.Job.status == literal_column("'running'")  # literal: see lanes.IS_QUEUED


async def claim(session: AsyncSession, owner: str, lease_s: float, limits: Limits, now: datetime) -> models.Job | None:
    """Take the next job in the fair order."""
    clock = await lanes.lock_clock(session)
    lane = await session.scalar(lanes.NEXT_LANE, {"max_running": limits.max_running})
    if lane is None:
        return None
    job = await session.get_one(models.Job, lane.head_job_id)
    await lanes.serve(session, lane, job, clock)
    job.status = JobStatus.RUNNING
    job.attempt += 1
    job.lease_token += 1
    job.lease_owner = owner
    job.lease_until = now + timedelta(seconds=lease_s)
    job.started_at = now
    return job


async def held(session: AsyncSession, lease: Lease) -> models.Job:
    """The job of a lease that still stands. LeaseLost otherwise."""
    job = await session.get(models.Job, lease.job.id, with_for_update=True)
    if job is None or job.status is not JobStatus.RUNNING or job.lease_token != lease.token:
        raise LeaseLost(f"job {lease.job.id}, lease {lease.token}")
    return job


async def heartbeat(session: AsyncSession, lease: Lease, now: datetime) -> models.Job:
    """Extend a lease. It counts as long as nobody took the job back, even late."""
    job = await held(session, lease)
    job.lease_until = now + timedelta(seconds=lease.lease_s)
    return job


async def finish(
    session: AsyncSession,
    lease: Lease,
    artifacts: Sequence[NewArtifact],
    gpu_ms: int,
    limits: Limits,
    now: datetime,
) -> models.Job:
    """Store a result and learn its duration."""
    clock = await lanes.lock_clock(session)
    job = await held(session, lease)
    lane = await session.get_one(models.Lane, job.user_id)
    lanes.end_service(lane, job, clock, gpu_ms, limits.max_running)
    _close(job, JobStatus.DONE, now)
    job.gpu_ms = gpu_ms
    session.add_all(
        models.Artifact(
            job_id=job.id,
            index=index,
            path=artifact.path,
            media_type=artifact.media_type,
            width_px=artifact.width_px,
            height_px=artifact.height_px,
            bytes=artifact.bytes,
            sha256=artifact.sha256,
            created_at=now,
        )
        for index, artifact in enumerate(artifacts)
    )
    await _learn(session, job, max(1, gpu_ms))
    return job


async def fail(
    session: AsyncSession, lease: Lease, error_code: str, retryable: bool, limits: Limits, now: datetime
) -> JobStatus:
    """End a run that failed."""
    clock = await lanes.lock_clock(session)
    job = await held(session, lease)
    return await _give_up(session, job, clock, error_code, retryable, limits, now)


async def release(session: AsyncSession, lease: Lease, limits: Limits, now: datetime) -> JobStatus:
    """End a run that was interrupted on purpose; it does not count as an attempt."""
    clock = await lanes.lock_clock(session)
    job = await held(session, lease)
    if job.cancel_requested:
        return await _cancel(session, job, clock, limits, now)
    job.attempt -= 1
    return await _requeue(session, job)


async def acknowledge_cancel(session: AsyncSession, lease: Lease, limits: Limits, now: datetime) -> None:
    """End a run that stopped because its user asked."""
    clock = await lanes.lock_clock(session)
    await _cancel(session, await held(session, lease), clock, limits, now)


async def recover_expired(session: AsyncSession, limits: Limits, now: datetime) -> Recovered:
    """Take back the jobs whose lease has run out."""
    return await _recover(session, models.Job.lease_until < now, limits, now)


async def recover_others(session: AsyncSession, owner: str, limits: Limits, now: datetime) -> Recovered:
    """Take back the jobs of all other owners."""
    return await _recover(session, models.Job.lease_owner != owner, limits, now)


async def _recover(session: AsyncSession, lost: ColumnElement[bool], limits: Limits, now: datetime) -> Recovered:
    clock = await lanes.lock_clock(session)
    ended: dict[JobStatus, list[int]] = {JobStatus.QUEUED: [], JobStatus.FAILED: [], JobStatus.CANCELLED: []}
    for job in (await session.scalars(select(models.Job).where(_IS_RUNNING, lost).order_by(models.Job.id))).all():
        status = await _give_up(session, job, clock, TOO_MANY_ATTEMPTS, True, limits, now)
        ended[status].append(job.id)
    return Recovered(
        requeued=tuple(ended[JobStatus.QUEUED]),
        failed=tuple(ended[JobStatus.FAILED]),
        cancelled=tuple(ended[JobStatus.CANCELLED]),
    )


async def _give_up(
    session: AsyncSession,
    job: models.Job,
    clock: models.QueueClock,
    error_code: str,
    retryable: bool,
    limits: Limits,
    now: datetime,
) -> JobStatus:
    """Decide what becomes of a run that gave no result: a wish to cancel comes first, then another attempt."""
    if job.cancel_requested:
        return await _cancel(session, job, clock, limits, now)
    if retryable and job.attempt < limits.max_attempts:
        return await _requeue(session, job)
    lane = await session.get_one(models.Lane, job.user_id)
    lanes.end_service(lane, job, clock, _held_ms(job, now), limits.max_running)
    _close(job, JobStatus.FAILED, now)
    job.error_code = error_code
    await ledger.refund(session, job, now)
    return JobStatus.FAILED


async def _cancel(
    session: AsyncSession, job: models.Job, clock: models.QueueClock, limits: Limits, now: datetime
) -> JobStatus:
    lane = await session.get_one(models.Lane, job.user_id)
    lanes.end_service(lane, job, clock, _held_ms(job, now), limits.max_running)
    _close(job, JobStatus.CANCELLED, now)
    await ledger.refund(session, job, now)
    return JobStatus.CANCELLED


async def _requeue(session: AsyncSession, job: models.Job) -> JobStatus:
    lane = await session.get_one(models.Lane, job.user_id)
    lanes.put_back(lane, job)
    _unlease(job)
    job.status = JobStatus.QUEUED
    return JobStatus.QUEUED


def _close(job: models.Job, status: JobStatus, now: datetime) -> None:
    _unlease(job)
    job.status = status
    job.finished_at = now


def _unlease(job: models.Job) -> None:
    job.lease_owner = None
    job.lease_until = None


def _held_ms(job: models.Job, now: datetime) -> float:
    """The device time of a run without a result: the time it was held, at most what was predicted."""
    assert job.started_at is not None, "a running job has started"
    return min(float(job.cost_gpu_ms), max(0.0, (now - job.started_at) / timedelta(milliseconds=1)))


async def _learn(session: AsyncSession, job: models.Job, gpu_ms: int) -> None:
    known = await session.get(models.Duration, (job.model, job.size_key))
    if known is None:
        session.add(models.Duration(model=job.model, size_key=job.size_key, mean_gpu_ms=float(gpu_ms), samples=1))
    else:
        known.mean_gpu_ms = estimates.learn(known.mean_gpu_ms, known.samples, gpu_ms)
        known.samples += 1
