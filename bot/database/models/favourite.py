"""Results that users want to keep."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.database.models.base import Base
from bot.database.types import BigInt, UtcDateTime


class Favourite(Base):
    """A user keeps a job: its prompt and its files stay however old they are."""

    __tablename__ = "favourites"
    __table_args__ = (Index("ix_favourites_job", "job_id"),)

    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id"), primary_key=True)
    job_id: Mapped[int] = mapped_column(BigInt, ForeignKey("jobs.id"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
