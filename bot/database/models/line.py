"""The order of service: one lane a user, the virtual clock, and learned durations."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.database.models.base import Base
from bot.database.types import BigInt

_IN_LINE = text("head_job_id IS NOT NULL")


class Lane(Base):
    """One user's place in the fair order, with aggregates of the user's open jobs.

    `tag` is the virtual time at which the lane's next job starts (start-time fair queueing). `weight` is copied from
    the user at every submission and change, so that the order is read from this table alone.
    """

    __tablename__ = "lanes"
    __table_args__ = (
        CheckConstraint("queued >= 0 AND queued_cost_gpu_ms >= 0 AND running >= 0", name="counts_not_negative"),
        CheckConstraint("(queued = 0) = (head_job_id IS NULL)", name="head_when_queued"),
        CheckConstraint("(queued = 0) = (queued_cost_gpu_ms = 0)", name="cost_when_queued"),
        CheckConstraint("weight > 0", name="weight_positive"),
        # The first two columns are the fair order; the others let a place in line be counted from the index alone.
        Index(
            "ix_lanes_line",
            "tag",
            "head_job_id",
            "queued",
            "queued_cost_gpu_ms",
            "weight",
            sqlite_where=_IN_LINE,
            postgresql_where=_IN_LINE,
        ),
    )

    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id"), primary_key=True)
    tag: Mapped[float]
    weight: Mapped[float]
    head_job_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("jobs.id"))
    queued: Mapped[int] = mapped_column(default=0)
    queued_cost_gpu_ms: Mapped[int] = mapped_column(BigInt, default=0)
    running: Mapped[int] = mapped_column(default=0)


class QueueClock(Base):
    """The single row of the queue's virtual time: the start tag of the job claimed last. It never falls."""

    __tablename__ = "queue_clock"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    virtual_time: Mapped[float] = mapped_column(default=0.0)


class Duration(Base):
    """The learned device time of one class of work: a moving average of what was measured."""

    __tablename__ = "durations"
    __table_args__ = (CheckConstraint("mean_gpu_ms > 0 AND samples > 0", name="measured"),)

    model: Mapped[str] = mapped_column(String(64), primary_key=True)
    size_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    mean_gpu_ms: Mapped[float]
    samples: Mapped[int]
