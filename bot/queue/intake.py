"""Jobs on their way in and, before they run, out again. Every function runs inside a write transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import models
from bot.database.models import JobStatus
from bot.queue import lanes, ledger
from bot.queue.errors import Banned, LimitReached, NotFound, NotYours
from bot.queue.jobs import CancelOutcome, Limits, NewJob


async def submit(session: AsyncSession, new: NewJob, limits: Limits, now: datetime) -> tuple[models.Job, bool]:
    """Accept a job, charged and in line; or return the job that its key already names. The bool says: created."""
    clock = await lanes.lock_clock(session)
    known = await session.scalar(
        select(models.Job).where(models.Job.user_id == new.user_id, models.Job.idempotency_key == new.idempotency_key)
    )
    if known is not None:
        return known, False
    user, lane = await lanes.lane_of(session, new.user_id, clock)
    if user.is_banned:  # the ban came after the user's message was let in
        raise Banned(f"user {user.id}")
    if lane.queued >= limits.max_queued:
        raise LimitReached(limits.max_queued)
    await ledger.check(session, user, new.cost_credits, limits, now)
    job = models.Job(
        user_id=new.user_id,
        idempotency_key=new.idempotency_key,
        kind=new.task.kind,
        task=new.task.model_dump_json(),
        model=new.model,
        size_key=new.size_key,
        language=new.language,
        chat_id=new.chat_id,
        message_thread_id=new.message_thread_id,
        reply_to_message_id=new.reply_to_message_id,
        status=JobStatus.QUEUED,
        cancel_requested=False,
        attempt=0,
        cost_credits=new.cost_credits,
        cost_gpu_ms=await _predicted_gpu_ms(session, new),
        lease_token=0,
        created_at=now,
    )
    session.add(job)
    await session.flush()  # the rows below point at its id
    lanes.join(lane, job, clock)
    ledger.charge(session, user, job, limits, now)
    for input_id in new.input_ids:
        session.add(models.JobInput(job_id=job.id, input_id=input_id))
        (await session.get_one(models.InputMedia, input_id)).last_used_at = now
    return job, True


async def cancel(session: AsyncSession, job_id: int, user_id: int, now: datetime) -> CancelOutcome:
    """Take a queued job out of line with a refund, or ask the worker of a running one to stop."""
    clock = await lanes.lock_clock(session)
    job = await session.get(models.Job, job_id)
    if job is None:
        raise NotFound(f"job {job_id}")
    if job.user_id != user_id:
        raise NotYours(f"job {job_id}")
    if job.status is JobStatus.QUEUED:
        _, lane = await lanes.lane_of(session, user_id, clock)
        await lanes.leave(session, lane, job)
        job.status = JobStatus.CANCELLED
        job.finished_at = now
        await ledger.refund(session, job, now)
        return CancelOutcome.CANCELLED
    if job.status is JobStatus.RUNNING:
        job.cancel_requested = True
        return CancelOutcome.REQUESTED
    return CancelOutcome.CANCELLED if job.status is JobStatus.CANCELLED else CancelOutcome.TOO_LATE


async def _predicted_gpu_ms(session: AsyncSession, new: NewJob) -> int:
    """What was measured for this class of work, or the cost model's guess while nothing was."""
    learned_ms = await session.scalar(
        select(models.Duration.mean_gpu_ms).where(
            models.Duration.model == new.model, models.Duration.size_key == new.size_key
        )
    )
    return new.cost_gpu_ms if learned_ms is None else max(1, round(learned_ms))
