"""Erasing: what a user wants forgotten, and prompts that are older than results are kept.

What accounting needs stays, without content: the rows of jobs (times, costs, outcomes), the credits moved, and the
user's id with ban, quota and time zone, so that forgetting refills nothing. A job whose outcome is still to be shown
goes as soon as it has been shown: until then `users.forgotten_at` remembers the wish, also across a crash.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog
from pydantic import JsonValue
from sqlalchemy import (
    ColumnElement,
    Exists,
    Select,
    String,
    case,
    cast,
    delete,
    exists,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock, utc_now
from bot.database import models
from bot.database.engine import Database
from bot.database.models import JobStatus

if TYPE_CHECKING:
    from bot.media import MediaStore

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 500  # jobs in one transaction of pruning; others write in between
_SENDERS: Final = ("from", "user")  # the fields of an update's event that name its sender


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many jobs lost their content, and how many files were deleted."""

    jobs: int
    files: int


class Forgetting:
    """Erases rows and files. Open jobs are cancelled by whoever calls, before."""

    def __init__(self, database: Database, media: MediaStore, clock: Clock = utc_now) -> None:
        self._database = database
        self._media = media
        self._clock = clock

    async def forget(self, user_id: int) -> Forgotten:
        """Erase what the user wrote, sent, chose and got. The freed parts of the database file go with `finish`."""
        now = self._clock()
        async with self._database.write() as session:
            jobs, paths = await _erase_of_user(session, user_id, now)
            await session.execute(delete(models.UserSettings).where(models.UserSettings.user_id == user_id))
            await session.execute(delete(models.Favourite).where(models.Favourite.user_id == user_id))
            await session.execute(delete(models.ConversationState).where(models.ConversationState.user_id == user_id))
            await session.execute(
                update(models.CreditEntry).where(models.CreditEntry.user_id == user_id).values(note=None)
            )
            await _close_updates(session, user_id, now)
            await session.execute(
                update(models.User)
                .where(models.User.id == user_id)
                .values(
                    first_name="",
                    username=None,
                    language_code=None,
                    language=None,
                    utc_offset_min=None,
                    forgotten_at=now,
                )
            )
        files = await self._media.delete(paths)
        log.info("user_forgotten", jobs=jobs, files=files)
        return Forgotten(jobs, files)

    async def finish(self) -> int:
        """Erase what was open when its user was forgotten, then the traces in the file; returns how many are done."""
        async with self._database.read() as session:
            wishes = (
                await session.execute(
                    select(models.User.id, models.User.forgotten_at).where(models.User.forgotten_at.is_not(None))
                )
            ).all()
        settled: list[tuple[int, datetime]] = []
        for user_id, since in wishes:
            assert since is not None, "the query asks for it"
            async with self._database.write() as session:
                _, paths = await _erase_of_user(session, user_id, since)
                if not await session.scalar(select(_unsettled(user_id, since))):
                    settled.append((user_id, since))
            await self._media.delete(paths)
        if not settled or not await self._database.scrub():
            return 0
        async with self._database.write() as session:
            for user_id, since in settled:  # a wish of a later moment stays
                await session.execute(
                    update(models.User)
                    .where(models.User.id == user_id, models.User.forgotten_at == since)
                    .values(forgotten_at=None)
                )
        return len(settled)

    async def prune(self, older_than: timedelta) -> int:
        """Erase the prompts of jobs that ended before, favourites excepted; returns how many."""
        pruned = 0
        while True:
            async with self._database.write() as session:
                due = await session.scalars(prunable(self._clock() - older_than).limit(_AT_ONCE))
                some = await _erase_jobs(session, models.Job.id.in_(due.all()))
            pruned += some
            if some < _AT_ONCE:
                return pruned


def prunable(before: datetime) -> Select[int]:
    """The query of ids of jobs that ended before, were shown, have their prompt still, and are nobody's favourite."""
    return select(models.Job.id).where(
        models.Job.task != literal_column("''"),  # literal: the condition of ix_jobs_with_content
        models.Job.finished_at < before,
        models.Job.delivered_at.is_not(None),
        ~exists().where(models.Favourite.job_id == models.Job.id),
    )


async def _erase_of_user(session: AsyncSession, user_id: int, since: datetime) -> tuple[int, list[str]]:
    """Erase the user's jobs and files up to a moment, except those still needed; return jobs and paths to delete."""
    theirs = (
        (models.Job.user_id == user_id)
        & (models.Job.created_at <= since)
        & models.Job.status.in_((JobStatus.DELIVERED, JobStatus.FAILED, JobStatus.CANCELLED))
    )
    job_ids = select(models.Job.id).where(theirs)
    paths = list(await session.scalars(select(models.Artifact.path).where(models.Artifact.job_id.in_(job_ids))))
    await session.execute(delete(models.Artifact).where(models.Artifact.job_id.in_(job_ids)))
    await session.execute(delete(models.Favourite).where(models.Favourite.job_id.in_(job_ids)))
    await session.execute(delete(models.JobInput).where(models.JobInput.job_id.in_(job_ids)))
    uploads = (
        (models.InputMedia.user_id == user_id)
        & (models.InputMedia.created_at <= since)
        & ~exists().where(models.JobInput.input_id == models.InputMedia.id)
    )
    paths += await session.scalars(delete(models.InputMedia).where(uploads).returning(models.InputMedia.path))
    return await _erase_jobs(session, theirs), paths


async def _erase_jobs(session: AsyncSession, which: ColumnElement[bool]) -> int:
    """Take the task from closed jobs, and from those already shown also where they came from; return how many."""
    shown = models.Job.delivered_at.is_not(None)
    erased = await session.scalars(
        update(models.Job)
        .where(which, or_(models.Job.task != "", shown & (models.Job.chat_id != 0)))
        .values(
            task="",
            idempotency_key="erased:" + cast(models.Job.id, String),
            chat_id=case((shown, 0), else_=models.Job.chat_id),
            reply_to_message_id=case((shown, null()), else_=models.Job.reply_to_message_id),
            status_message_id=case((shown, null()), else_=models.Job.status_message_id),
            result_message_id=null(),
        )
        .returning(models.Job.id)
        .execution_options(synchronize_session=False)
    )
    return len(erased.all())


def _unsettled(user_id: int, since: datetime) -> Exists:
    """Something of the user up to that moment is still needed."""
    return exists().where(
        models.Job.user_id == user_id, models.Job.created_at <= since, models.Job.delivered_at.is_(None)
    )


async def _close_updates(session: AsyncSession, user_id: int, now: datetime) -> None:
    """Erase the updates of this user that wait to be handled; this process has them in hand."""
    waiting = await session.scalars(select(models.InboxUpdate).where(models.InboxUpdate.handled_at.is_(None)))
    for row in waiting:
        if row.payload is not None and _is_from(json.loads(row.payload), user_id):
            row.payload, row.handled_at = None, now


def _is_from(update_json: dict[str, JsonValue], user_id: int) -> bool:
    for event in update_json.values():
        if isinstance(event, dict):
            for field in _SENDERS:
                sender = event.get(field)
                if isinstance(sender, dict) and sender.get("id") == user_id:
                    return True
    return False
