"""What the queue shows of jobs, and what it remembers about showing them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import models
from bot.database.models import JobStatus
from bot.queue.errors import NotFound
from bot.queue.jobs import Job

# Literal text: see lanes.IS_QUEUED.
IS_OPEN = models.Job.status.in_([literal_column("'queued'"), literal_column("'running'")])
IS_UNDELIVERED = models.Job.status.in_(
    [literal_column("'done'"), literal_column("'failed'"), literal_column("'cancelled'")]
) & models.Job.delivered_at.is_(None)


def snapshot(row: models.Job) -> Job:
    """A job as its row stands now."""
    return Job(
        id=row.id,
        user_id=row.user_id,
        kind=row.kind,
        task_json=row.task,
        status=row.status,
        language=row.language,
        chat_id=row.chat_id,
        message_thread_id=row.message_thread_id,
        reply_to_message_id=row.reply_to_message_id,
        status_message_id=row.status_message_id,
        result_message_id=row.result_message_id,
        error_code=row.error_code,
        cancel_requested=row.cancel_requested,
        attempt=row.attempt,
        cost_credits=row.cost_credits,
        cost_gpu_ms=row.cost_gpu_ms,
        gpu_ms=row.gpu_ms,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        delivered_at=row.delivered_at,
    )


async def get(session: AsyncSession, job_id: int) -> models.Job:
    """The row of a job. NotFound."""
    row = await session.get(models.Job, job_id)
    if row is None:
        raise NotFound(f"job {job_id}")
    return row


async def open_jobs(session: AsyncSession, user_id: int) -> list[Job]:
    """All queued and running jobs of the user, oldest first; the queue's limits bound them."""
    rows = await session.scalars(
        select(models.Job).where(IS_OPEN, models.Job.user_id == user_id).order_by(models.Job.id)
    )
    return [snapshot(row) for row in rows]


async def all_open_jobs(session: AsyncSession) -> list[Job]:
    """Everybody's queued and running jobs, oldest first."""
    rows = await session.scalars(select(models.Job).where(IS_OPEN).order_by(models.Job.id))
    return [snapshot(row) for row in rows]


async def newest_wish(session: AsyncSession, user_id: int, key_prefix: str) -> Job | None:
    """The user's newest job whose key has this prefix.

    A range over the unique index of (user, key): unlike LIKE it needs no escaping and no scan.
    """
    newest = await session.scalar(
        select(models.Job)
        .where(
            models.Job.user_id == user_id,
            models.Job.idempotency_key >= key_prefix,
            models.Job.idempotency_key < key_prefix[:-1] + chr(ord(key_prefix[-1]) + 1),
        )
        .order_by(models.Job.id.desc())
        .limit(1)
    )
    return None if newest is None else snapshot(newest)


async def history(session: AsyncSession, user_id: int, before_id: int | None, limit: int) -> list[Job]:
    """All jobs of the user, newest first, those before `before_id`."""
    query = select(models.Job).where(models.Job.user_id == user_id).order_by(models.Job.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(models.Job.id < before_id)
    return [snapshot(row) for row in await session.scalars(query)]


async def undelivered(session: AsyncSession, limit: int) -> list[Job]:
    """Jobs whose outcome has not been shown, oldest first."""
    rows = await session.scalars(select(models.Job).where(IS_UNDELIVERED).order_by(models.Job.id).limit(limit))
    return [snapshot(row) for row in rows]


async def mark_delivered(session: AsyncSession, job_id: int, message_id: int | None, now: datetime) -> bool:
    """Close the delivery of an outcome; only the first call finds something to close."""
    row = await session.scalar(select(models.Job).where(IS_UNDELIVERED, models.Job.id == job_id).with_for_update())
    if row is None:
        return False
    if row.status is JobStatus.DONE:
        row.status = JobStatus.DELIVERED
        row.result_message_id = message_id
    row.delivered_at = now
    return True


async def set_status_message(session: AsyncSession, job_id: int, message_id: int | None) -> None:
    """Note the message that shows the job's progress."""
    await session.execute(update(models.Job).where(models.Job.id == job_id).values(status_message_id=message_id))
