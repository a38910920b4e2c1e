"""Users, their choices, and what they paid in credits."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.database.models.base import Base
from bot.database.types import BigInt, UtcDateTime, text_enum

_FORGOTTEN = text("forgotten_at IS NOT NULL")


class User(Base):
    """Somebody who has written to the bot; `id` is the Telegram id. The forgotten have no name until they return."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("weight > 0", name="weight_positive"),
        CheckConstraint("daily_credits IS NULL OR daily_credits >= 0", name="daily_credits_not_negative"),
        CheckConstraint("utc_offset_min BETWEEN -720 AND 840", name="utc_offset_exists"),
        Index("ix_users_forgotten", "id", sqlite_where=_FORGOTTEN, postgresql_where=_FORGOTTEN),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    first_name: Mapped[str] = mapped_column(String(256))
    username: Mapped[str | None] = mapped_column(String(64))
    language_code: Mapped[str | None] = mapped_column(String(35))  # as Telegram says it, an IETF tag
    language: Mapped[str | None] = mapped_column(String(35))  # the user's own choice; it wins
    utc_offset_min: Mapped[int | None]  # None: the default of the settings
    weight: Mapped[float] = mapped_column(default=1.0)  # share of the devices beside a user of weight 1
    daily_credits: Mapped[int | None]  # None: the default of the settings
    is_banned: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    blocked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the user has blocked the bot
    forgotten_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # what is older has to go; None once it is gone


class UserSettings(Base):
    """What a user paints with unless the prompt says otherwise."""

    __tablename__ = "user_settings"
    __table_args__ = (
        CheckConstraint('"count" BETWEEN 1 AND 4', name="count_paintable"),
        CheckConstraint("seed IS NULL OR seed BETWEEN 0 AND 4294967295", name="seed_exists"),
        CheckConstraint("length(negative_prompt) <= 1000", name="negative_prompt_short"),
    )

    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    model: Mapped[str] = mapped_column(String(64))
    aspect_ratio: Mapped[str] = mapped_column(String(16))
    refine: Mapped[bool] = mapped_column(server_default=false())
    style: Mapped[str] = mapped_column(String(64), server_default="")
    negative_prompt: Mapped[str] = mapped_column(Text, server_default="")
    count: Mapped[int] = mapped_column(server_default="1")
    seed: Mapped[int | None] = mapped_column(BigInt)  # None: another one for each picture
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CreditReason(StrEnum):
    """Why credits moved."""

    CHARGE = "charge"
    REFUND = "refund"
    GRANT = "grant"


class CreditEntry(Base):
    """One movement of credits. Left today = daily credits + the sum of the day's deltas.

    A refund carries the day of its charge, so that yesterday's refund does not enlarge today. At most one charge and
    one refund exist for a job, and one grant for a key.
    """

    __tablename__ = "credit_ledger"
    __table_args__ = (
        UniqueConstraint("job_id", "reason"),
        UniqueConstraint("user_id", "grant_key"),
        CheckConstraint("reason = 'grant' OR (note IS NULL AND grant_key IS NULL)", name="notes_on_grants"),
        CheckConstraint(
            "(reason = 'charge' AND delta < 0 AND job_id IS NOT NULL)"
            " OR (reason = 'refund' AND delta > 0 AND job_id IS NOT NULL)"
            " OR (reason = 'grant' AND delta <> 0 AND job_id IS NULL)",
            name="reason_fits_delta",
        ),
        Index("ix_credit_ledger_user_day", "user_id", "day"),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id"))
    job_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("jobs.id"))
    delta: Mapped[int]
    reason: Mapped[CreditReason] = mapped_column(text_enum(CreditReason, "credit_reason"))
    day: Mapped[date]  # the user's own day
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str | None] = mapped_column(String(200))  # an admin's words on a grant
    grant_key: Mapped[str | None] = mapped_column(String(128))  # names the admin's act, so that a replay grants once
