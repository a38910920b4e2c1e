"""Files that the database knows: what users sent and what the engines made. Paths are relative to the data folder."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.database.models.base import Base
from bot.database.types import BigInt, UtcDateTime

_ON_DISK = text("swept_at IS NULL")
_SIZES = "width_px > 0 AND height_px > 0 AND bytes > 0"


class Artifact(Base):
    """One file that a job gave. `swept_at`: the file has been deleted, the row remembers it."""

    __tablename__ = "artifacts"
    __table_args__ = (
        UniqueConstraint("job_id", "index"),
        CheckConstraint(_SIZES, name="sizes_positive"),
        CheckConstraint('"index" >= 0', name="index_not_negative"),
        Index("ix_artifacts_on_disk", "created_at", sqlite_where=_ON_DISK, postgresql_where=_ON_DISK),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    job_id: Mapped[int] = mapped_column(BigInt, ForeignKey("jobs.id"))
    index: Mapped[int]
    path: Mapped[str] = mapped_column(String(255), unique=True)
    media_type: Mapped[str] = mapped_column(String(64))
    width_px: Mapped[int]
    height_px: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInt)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    swept_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class InputMedia(Base):
    """One file that a user sent."""

    __tablename__ = "input_media"
    __table_args__ = (
        CheckConstraint(_SIZES, name="sizes_positive"),
        Index("ix_input_media_on_disk", "last_used_at", sqlite_where=_ON_DISK, postgresql_where=_ON_DISK),
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id"))
    path: Mapped[str] = mapped_column(String(255), unique=True)
    media_type: Mapped[str] = mapped_column(String(64))
    width_px: Mapped[int]
    height_px: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInt)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    swept_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class JobInput(Base):
    """A job paints from a file: while the job is open, the file stays."""

    __tablename__ = "job_inputs"
    __table_args__ = (Index("ix_job_inputs_input", "input_id"),)

    job_id: Mapped[int] = mapped_column(BigInt, ForeignKey("jobs.id"), primary_key=True)
    input_id: Mapped[int] = mapped_column(BigInt, ForeignKey("input_media.id"), primary_key=True)
