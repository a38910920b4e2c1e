"""What a user has painted, newest first, and which of it the user keeps."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Select, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock, utc_now
from bot.database import models
from bot.database.engine import Database
from bot.queue import views
from bot.queue.errors import FavouritesFull, NotFound, NotYours
from bot.queue.jobs import Job

# Spelled with literals: SQLite uses a partial index only where the query repeats its condition word for word.
IS_PAINTED: Final = models.Job.status.in_([literal_column("'done'"), literal_column("'delivered'")]) & (
    models.Job.task != literal_column("''")
)

MAX_FAVOURITES_DEFAULT: Final = 200


class History:
    """Finished paintings whose prompt is still known. Erased ones are in no list."""

    def __init__(
        self, database: Database, clock: Clock = utc_now, *, max_favourites: int = MAX_FAVOURITES_DEFAULT
    ) -> None:
        self._database = database
        self._clock = clock
        self.max_favourites: Final = max_favourites

    async def page(self, user_id: int, limit: int, skipped: int = 0) -> list[Job]:
        """The user's paintings, newest first, without the newest `skipped` ones."""
        return await self._jobs(painted(user_id, limit, skipped))

    async def favourites(self, user_id: int, limit: int, skipped: int = 0) -> list[Job]:
        """The paintings that the user keeps, newest first, without the newest `skipped` ones."""
        return await self._jobs(kept(user_id, limit, skipped))

    async def count_favourites(self, user_id: int) -> int:
        """How many paintings the user keeps."""
        async with self._database.read() as session:
            return await _count_kept(session, user_id)

    async def set_favourite(self, user_id: int, job_id: int, is_favourite: bool) -> None:
        """Keep one of the user's own paintings, or keep it no longer. NotFound, NotYours, FavouritesFull."""
        async with self._database.write() as session:
            await _own_painting(session, user_id, job_id)
            known = await session.get(models.Favourite, (user_id, job_id))
            if is_favourite and known is None:
                if await _count_kept(session, user_id) >= self.max_favourites:
                    raise FavouritesFull(self.max_favourites)
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


def painted(user_id: int, limit: int, skipped: int) -> Select[models.Job]:
    """The query of a page. What is skipped never leaves the database."""
    ids = select(models.Job.id).where(IS_PAINTED, models.Job.user_id == user_id).order_by(models.Job.id.desc())
    return _page(ids, limit, skipped)


def kept(user_id: int, limit: int, skipped: int) -> Select[models.Job]:
    """The query of a page of favourites. What is erased or forgotten has left the favourites before."""
    ids = (
        select(models.Favourite.job_id)
        .where(models.Favourite.user_id == user_id)
        .order_by(models.Favourite.job_id.desc())
    )
    return _page(ids, limit, skipped)


def shown_by(chat_id: int, message_id: int) -> Select[models.Job]:
    """The query of a painting by its message."""
    return select(models.Job).where(
        IS_PAINTED, models.Job.chat_id == chat_id, models.Job.result_message_id == message_id
    )


def _page(ids: Select[int], limit: int, skipped: int) -> Select[models.Job]:
    page = ids.limit(limit).offset(skipped)
    return select(models.Job).where(models.Job.id.in_(page)).order_by(models.Job.id.desc())


async def _count_kept(session: AsyncSession, user_id: int) -> int:
    query = select(func.count()).select_from(models.Favourite).where(models.Favourite.user_id == user_id)
    return await session.scalar(query) or 0


async def _own_painting(session: AsyncSession, user_id: int, job_id: int) -> None:
    job = await views.get(session, job_id)
    if job.user_id != user_id:
        raise NotYours(f"job {job_id}")
    if not job.task or job.status not in (models.JobStatus.DONE, models.JobStatus.DELIVERED):
        raise NotFound(f"job {job_id} has no result")
