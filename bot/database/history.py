"""What a user has painted, newest first, and which of it the user keeps."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Select, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.clock import Clock, utc_now
from bot.database import models
from bot.database.engine import Database
from bot.queue import views
from bot.queue.errors import NotFound, NotYours
from bot.queue.jobs import Job

# Spelled with literals: SQLite uses a partial index only where the query repeats its condition word for word.
IS_PAINTED: Final = models.Job.status.in_([literal_column("'done'"), literal_column("'delivered'")]) & (
    models.Job.task != literal_column("''")
)


class History:
    """Finished paintings whose prompt is still known. Erased ones are in no list."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def page(self, user_id: int, before_id: int | None, limit: int) -> list[Job]:
        """The user's paintings, newest first, those before `before_id`."""
        return await self._jobs(painted(user_id, before_id, limit))

    async def favourites(self, user_id: int, before_id: int | None, limit: int) -> list[Job]:
        """The paintings that the user keeps, newest first, those before `before_id`."""
        return await self._jobs(kept(user_id, before_id, limit))

    async def set_favourite(self, user_id: int, job_id: int, is_favourite: bool) -> None:
        """Keep one of the user's own paintings, or keep it no longer. NotFound, NotYours."""
        async with self._database.write() as session:
            await _own_painting(session, user_id, job_id)
            known = await session.get(models.Favourite, (user_id, job_id))
            if is_favourite and known is None:
                session.add(models.Favourite(user_id=user_id, job_id=job_id, created_at=self._clock()))
            elif not is_favourite and known is not None:
                await session.delete(known)

    async def is_favourite(self, user_id: int, job_id: int) -> bool:
        """The user keeps this painting."""
        async with self._database.read() as session:
            return await session.get(models.Favourite, (user_id, job_id)) is not None

    async def by_message(self, chat_id: int, message_id: int) -> Job | None:
        """The painting that a message shows (of an album: its first message), or None."""
        async with self._database.read() as session:
            row = await session.scalar(shown_by(chat_id, message_id))
            return None if row is None else views.snapshot(row)

    async def _jobs(self, query: Select[models.Job]) -> list[Job]:
        async with self._database.read() as session:
            return [views.snapshot(row) for row in await session.scalars(query)]


def painted(user_id: int, before_id: int | None, limit: int) -> Select[models.Job]:
    """The query of a page."""
    query = select(models.Job).where(IS_PAINTED, models.Job.user_id == user_id)
    return _newest(query, models.Job.id, before_id, limit)


def kept(user_id: int, before_id: int | None, limit: int) -> Select[models.Job]:
    """The query of a page of favourites."""
    query = (
        select(models.Job)
        .join(models.Favourite, models.Favourite.job_id == models.Job.id)
        .where(IS_PAINTED, models.Favourite.user_id == user_id)
    )
    return _newest(query, models.Favourite.job_id, before_id, limit)


def shown_by(chat_id: int, message_id: int) -> Select[models.Job]:
    """The query of a painting by its message."""
    return select(models.Job).where(
        IS_PAINTED, models.Job.chat_id == chat_id, models.Job.result_message_id == message_id
    )


def _newest(
    query: Select[models.Job], job_id: InstrumentedAttribute[int], before_id: int | None, limit: int
) -> Select[models.Job]:
    """A page in the order of the index that holds `job_id`."""
    if before_id is not None:
        query = query.where(job_id < before_id)
    return query.order_by(job_id.desc()).limit(limit)


async def _own_painting(session: AsyncSession, user_id: int, job_id: int) -> None:
    job = await views.get(session, job_id)
    if job.user_id != user_id:
        raise NotYours(f"job {job_id}")
    if not job.task or job.status not in (models.JobStatus.DONE, models.JobStatus.DELIVERED):
        raise NotFound(f"job {job_id} has no result")
