"""Broadcasts: a message of an admin on its way to everybody, one row each, whatever the number of recipients."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.database.models.base import Base
from bot.database.types import BigInt, UtcDateTime, text_enum


class BroadcastStatus(StrEnum):
    """draft -> running -> done or stopped; draft -> dropped."""

    DRAFT = "draft"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    DROPPED = "dropped"


_IS_RUNNING: Final = text("status = 'running'")


class Broadcast(Base):
    """One broadcast. Recipients go by ascending id; `cursor_user_id` is the last one whose turn has begun.

    `in_hand`: the message to that one may be under way. A process that dies there leaves open whether it arrived; it
    is counted as unsure and never sent again.
    """

    __tablename__ = "broadcasts"
    __table_args__ = (
        CheckConstraint(
            "recipients >= 0 AND sent >= 0 AND blocked >= 0 AND failed >= 0 AND unsure >= 0",
            name="counts_not_negative",
        ),
        CheckConstraint("status = 'running' OR NOT in_hand", name="in_hand_while_running"),
        CheckConstraint("status IN ('draft', 'dropped') OR started_at IS NOT NULL", name="started_when_running"),
        CheckConstraint("(status IN ('draft', 'running')) = (finished_at IS NULL)", name="finished_when_closed"),
        Index("uq_broadcasts_running", "status", unique=True, sqlite_where=_IS_RUNNING, postgresql_where=_IS_RUNNING),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    admin_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id"))
    source_message_id: Mapped[int] = mapped_column(BigInt)  # in the admin's private chat: what is copied to everybody
    report_message_id: Mapped[int | None] = mapped_column(BigInt)  # in the same chat: question, then bar, then report
    status: Mapped[BroadcastStatus] = mapped_column(text_enum(BroadcastStatus, "broadcast_status"))
    recipients: Mapped[int] = mapped_column(default=0)  # how many there were at the start
    cursor_user_id: Mapped[int] = mapped_column(BigInt, default=0)
    in_hand: Mapped[bool] = mapped_column(default=False)
    sent: Mapped[int] = mapped_column(default=0)
    blocked: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    unsure: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reported: Mapped[bool] = mapped_column(default=False)  # the admin has been shown how it ended
