"""Broadcasts in the database: who is next, and what came of those before. No recipient is ever given twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock, utc_now
from bot.database import models
from bot.database.engine import Database
from bot.database.models import BroadcastStatus


class Outcome(StrEnum):
    """What came of one message."""

    SENT = "sent"
    BLOCKED = "blocked"
    FAILED = "failed"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast as it stood when it was read."""

    id: int
    admin_id: int
    source_message_id: int
    report_message_id: int | None
    status: BroadcastStatus
    recipients: int
    sent: int
    blocked: int
    failed: int
    unsure: int
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def handled(self) -> int:
        """How many recipients have had their turn."""
        return self.sent + self.blocked + self.failed + self.unsure


class Broadcasts:
    """The broadcasts. At most one runs at a time."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def draft(self, admin_id: int, source_message_id: int) -> Broadcast:
        """Note what an admin may want to send."""
        async with self._database.write() as session:
            row = models.Broadcast(
                admin_id=admin_id,
                source_message_id=source_message_id,
                status=BroadcastStatus.DRAFT,
                recipients=await _count(session, admin_id, self._clock()),
                cursor_user_id=0,
                in_hand=False,
                sent=0,
                blocked=0,
                failed=0,
                unsure=0,
                reported=False,
                created_at=self._clock(),
            )
            session.add(row)
            await session.flush()
            return _snapshot(row)

    async def get(self, broadcast_id: int) -> Broadcast | None:
        """The broadcast, or None."""
        async with self._database.read() as session:
            row = await session.get(models.Broadcast, broadcast_id)
            return None if row is None else _snapshot(row)

    async def unfinished(self) -> Broadcast | None:
        """A broadcast that is on its way, or one that has ended without its report."""
        unreported = models.Broadcast.status.in_(_ENDED) & models.Broadcast.reported.is_(False)
        async with self._database.read() as session:
            row = await session.scalar(
                select(models.Broadcast).where(_IS_RUNNING | unreported).order_by(models.Broadcast.id).limit(1)
            )
            return None if row is None else _snapshot(row)

    async def mark_reported(self, broadcast_id: int) -> None:
        """Note that the admin has been shown how it ended."""
        async with self._database.write() as session:
            (await session.get_one(models.Broadcast, broadcast_id)).reported = True

    async def set_report(self, broadcast_id: int, message_id: int) -> None:
        """Note the message that asks, shows the bar, and reports."""
        async with self._database.write() as session:
            (await session.get_one(models.Broadcast, broadcast_id)).report_message_id = message_id

    async def start(self, broadcast_id: int) -> Broadcast | None:
        """Let a draft run. None where it is no draft any more or another broadcast is on its way."""
        async with self._database.write() as session:
            row = await session.get(models.Broadcast, broadcast_id)
            if row is None or row.status is not BroadcastStatus.DRAFT:
                return None
            if await session.scalar(select(models.Broadcast.id).where(_IS_RUNNING)) is not None:
                return None
            row.started_at = self._clock()
            row.status = BroadcastStatus.RUNNING
            row.recipients = await _count(session, row.admin_id, row.started_at)
            return _snapshot(row)

    async def close(self, broadcast_id: int, status: BroadcastStatus) -> Broadcast | None:
        """Drop a draft or stop what runs; None where there is nothing of the kind. Who is in hand is counted unsure."""
        before = BroadcastStatus.DRAFT if status is BroadcastStatus.DROPPED else BroadcastStatus.RUNNING
        async with self._database.write() as session:
            row = await session.get(models.Broadcast, broadcast_id)
            if row is None or row.status is not before:
                return None
            row.unsure += row.in_hand
            self._close(row, status)
            return _snapshot(row)

    async def turn(self, broadcast_id: int, outcome: Outcome | None) -> int | None:
        """Count what came of the recipient in hand and take the next; None when nobody is left or it was stopped.

        The turn is committed before the message goes: a crash in between loses one message and doubles none. Without
        an outcome (after a restart) whoever is in hand is counted as unsure.
        """
        async with self._database.write() as session:
            row = await session.get_one(models.Broadcast, broadcast_id)
            if row.status is not BroadcastStatus.RUNNING:
                if outcome is not None and row.status is BroadcastStatus.STOPPED and row.unsure:
                    row.unsure -= 1  # the stop came while this message was under way
                    _add(row, outcome)
                return None
            assert row.started_at is not None, "a running broadcast has started"
            if row.in_hand:
                _add(row, outcome or Outcome.UNSURE)
            next_id = await session.scalar(
                select(models.User.id)
                .where(_reachable(row.admin_id, row.started_at), models.User.id > row.cursor_user_id)
                .order_by(models.User.id)
                .limit(1)
            )
            if next_id is None:
                self._close(row, BroadcastStatus.DONE)
                return None
            row.cursor_user_id, row.in_hand = next_id, True
            return next_id

    async def note(self, broadcast_id: int, outcome: Outcome) -> None:
        """Count what came of the recipient in hand without taking the next."""
        async with self._database.write() as session:
            row = await session.get_one(models.Broadcast, broadcast_id)
            if row.in_hand:
                row.in_hand = False
                _add(row, outcome)

    def _close(self, row: models.Broadcast, status: BroadcastStatus) -> None:
        row.in_hand = False
        row.finished_at = self._clock()
        row.status = status


_IS_RUNNING: Final = models.Broadcast.status == BroadcastStatus.RUNNING
_ENDED: Final = (BroadcastStatus.DONE, BroadcastStatus.STOPPED)


def _reachable(admin_id: int, started_at: datetime) -> ColumnElement[bool]:
    """Who had written to the bot by then: not the banned, the forgotten, those who blocked it, nor the sender."""
    return (
        ~models.User.is_banned
        & models.User.blocked_at.is_(None)
        & (models.User.first_name != "")  # forgotten, and not heard since
        & (models.User.created_at <= started_at)
        & (models.User.id != admin_id)
    )


async def _count(session: AsyncSession, admin_id: int, at: datetime) -> int:
    counted = await session.scalar(select(func.count()).select_from(models.User).where(_reachable(admin_id, at)))
    return counted or 0


def _add(row: models.Broadcast, outcome: Outcome) -> None:
    setattr(row, outcome.value, getattr(row, outcome.value) + 1)


def _snapshot(row: models.Broadcast) -> Broadcast:
    return Broadcast(
        id=row.id,
        admin_id=row.admin_id,
        source_message_id=row.source_message_id,
        report_message_id=row.report_message_id,
        status=row.status,
        recipients=row.recipients,
        sent=row.sent,
        blocked=row.blocked,
        failed=row.failed,
        unsure=row.unsure,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
