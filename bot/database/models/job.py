"""Jobs: a task with an owner, a status, a cost and a history."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.database.models.base import Base
from bot.database.types import BigInt, UtcDateTime, text_enum


class JobStatus(StrEnum):
    """queued -> running -> done -> delivered; queued or running -> cancelled; running -> failed or queued again."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN: Final = (JobStatus.QUEUED, JobStatus.RUNNING)

_IS_QUEUED: Final = text("status = 'queued'")
_IS_RUNNING: Final = text("status = 'running'")
_IS_OPEN: Final = text("status IN ('queued', 'running')")
_IS_PAINTED: Final = text("status IN ('done', 'delivered') AND task <> ''")
_IS_FINISHED: Final = text("finished_at IS NOT NULL")
_HAS_CONTENT: Final = text("task <> ''")
_IS_SHOWN: Final = text("result_message_id IS NOT NULL")
_IS_UNDELIVERED: Final = text("status IN ('done', 'failed', 'cancelled') AND delivered_at IS NULL")


class Job(Base):
    """One accepted task. Ids grow with acceptance and are never used twice."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("user_id", "idempotency_key"),
        CheckConstraint("cost_credits >= 0", name="cost_credits_not_negative"),
        CheckConstraint("cost_gpu_ms > 0", name="cost_gpu_ms_positive"),
        CheckConstraint("attempt >= 0", name="attempt_not_negative"),
        CheckConstraint(
            "(status = 'running') = (lease_owner IS NOT NULL AND lease_until IS NOT NULL)"
            " AND (lease_owner IS NULL) = (lease_until IS NULL)",
            name="leased_while_running",
        ),
        CheckConstraint("(status = 'failed') = (error_code IS NOT NULL)", name="failed_with_reason"),
        CheckConstraint("(status IN ('queued', 'running')) = (finished_at IS NULL)", name="finished_when_closed"),
        CheckConstraint("status <> 'delivered' OR delivered_at IS NOT NULL", name="delivered_at_some_time"),
        CheckConstraint("status <> 'done' OR delivered_at IS NULL", name="done_is_undelivered"),
        CheckConstraint("task <> '' OR status NOT IN ('queued', 'running')", name="open_with_a_task"),
        Index("ix_jobs_queued", "user_id", "id", sqlite_where=_IS_QUEUED, postgresql_where=_IS_QUEUED),
        Index("ix_jobs_running", "lease_until", sqlite_where=_IS_RUNNING, postgresql_where=_IS_RUNNING),
        Index("ix_jobs_open", "user_id", "id", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        Index("ix_jobs_undelivered", "id", sqlite_where=_IS_UNDELIVERED, postgresql_where=_IS_UNDELIVERED),
        Index("ix_jobs_painted", "user_id", "id", sqlite_where=_IS_PAINTED, postgresql_where=_IS_PAINTED),
        Index(
            "ix_jobs_result_message",
            "chat_id",
            "result_message_id",
            sqlite_where=_IS_SHOWN,
            postgresql_where=_IS_SHOWN,
        ),
        Index(  # all that statistics count, so that they never read the table
            "ix_jobs_figures",
            "finished_at",
            "status",
            "created_at",
            "started_at",
            "user_id",
            "gpu_ms",
            "error_code",
            sqlite_where=_IS_FINISHED,
            postgresql_where=_IS_FINISHED,
        ),
        Index("ix_jobs_with_content", "finished_at", sqlite_where=_HAS_CONTENT, postgresql_where=_HAS_CONTENT),
        Index("ix_jobs_created_at", "created_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("users.id"))
    idempotency_key: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(32))
    task: Mapped[str] = mapped_column(Text)  # JSON of engines.tasks.Task; empty once it has been erased
    model: Mapped[str] = mapped_column(String(64))  # with size_key: the class of work whose duration is learned
    size_key: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(35))

    chat_id: Mapped[int] = mapped_column(BigInt)
    reply_to_message_id: Mapped[int | None] = mapped_column(BigInt)
    message_thread_id: Mapped[int | None] = mapped_column(BigInt)  # the topic in a forum
    status_message_id: Mapped[int | None] = mapped_column(BigInt)
    result_message_id: Mapped[int | None] = mapped_column(BigInt)

    status: Mapped[JobStatus] = mapped_column(text_enum(JobStatus, "job_status"), default=JobStatus.QUEUED)
    error_code: Mapped[str | None] = mapped_column(String(64))
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    attempt: Mapped[int] = mapped_column(default=0)  # runs begun, graceful put-backs not counted

    cost_credits: Mapped[int]
    cost_gpu_ms: Mapped[int]  # predicted when accepted
    charged_tag: Mapped[float | None]  # virtual time its lane paid when it was claimed
    gpu_ms: Mapped[int | None]  # measured

    lease_token: Mapped[int] = mapped_column(default=0)  # fencing: grows with every claim, never falls
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of the latest run
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the user has been shown the outcome
