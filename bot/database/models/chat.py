"""Updates on their way in, conversation state, and the audit of admins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.database.models.base import Base
from bot.database.types import BigInt, UtcDateTime

_UNHANDLED = text("handled_at IS NULL")


class InboxUpdate(Base):
    """One update from Telegram. Its payload goes when it is handled; its id stays, so that a replay is a no-op."""

    __tablename__ = "updates"
    __table_args__ = (
        CheckConstraint("(handled_at IS NULL) = (payload IS NOT NULL)", name="payload_until_handled"),
        CheckConstraint("replays >= 0", name="replays_not_negative"),
        Index("ix_updates_unhandled", "update_id", sqlite_where=_UNHANDLED, postgresql_where=_UNHANDLED),
        Index("ix_updates_handled_at", "handled_at"),
    )

    update_id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    payload: Mapped[str | None] = mapped_column(Text)  # JSON of the Bot API's Update
    replays: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ConversationState(Base):
    """Where a conversation stands (aiogram's state and data). Absent fields are 0 or empty: NULL is never equal."""

    __tablename__ = "conversation_state"

    bot_id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    chat_id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    thread_id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    business_connection_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    destiny: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str | None] = mapped_column(String(128))
    data: Mapped[str] = mapped_column(Text, default="{}")  # JSON object


class AdminAction(Base):
    """Something an admin did. Rows are only ever added."""

    __tablename__ = "admin_actions"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    admin_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id"))
    action: Mapped[str] = mapped_column(String(64))
    target_user_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("users.id"))
    details: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
