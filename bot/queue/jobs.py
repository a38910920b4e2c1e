"""The queue's words: what goes in, what comes out, and the limits it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot import chat_tasks, costs
from bot.chat_tasks import ChatTask
from bot.database.models import JobStatus
from bot.queue.errors import NotFound


@dataclass(frozen=True, slots=True)
class Limits:
    """What the queue allows. `max_running` is per user over all devices; `devices` serve in parallel."""

    max_queued: int = 20
    max_running: int = 1
    max_attempts: int = 3
    daily_credits: int = costs.DAILY_CREDITS
    utc_offset_min: int = 0  # of users who have not chosen theirs
    devices: int = 1


@dataclass(frozen=True, slots=True)
class NewJob:
    """A task with its owner, before it is accepted.

    `idempotency_key` names the user's wish (a message, a button press): the same key is the same job. `cost_gpu_ms`
    is the cost model's guess; the queue prefers what it has measured for (model, size_key).
    """

    user_id: int
    task: ChatTask
    chat_id: int
    reply_to_message_id: int | None
    language: str
    idempotency_key: str
    cost_credits: int
    cost_gpu_ms: int
    model: str
    size_key: str
    message_thread_id: int | None = None  # the topic in a forum
    input_ids: tuple[int, ...] = ()  # rows of input_media that stay on disk while the job is open


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stood when it was read."""

    id: int
    user_id: int
    kind: str
    task_json: str
    status: JobStatus
    language: str
    chat_id: int
    message_thread_id: int | None
    reply_to_message_id: int | None
    status_message_id: int | None
    result_message_id: int | None
    error_code: str | None
    cancel_requested: bool
    attempt: int
    cost_credits: int
    cost_gpu_ms: int
    gpu_ms: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    delivered_at: datetime | None

    @property
    def task(self) -> ChatTask:
        """The task, parsed. NotFound when it has been erased; pydantic's ValidationError when it is unknown."""
        if not self.task_json:
            raise NotFound(f"the prompt of job {self.id} has been erased")
        return chat_tasks.parse(self.task_json)

    @property
    def run_s(self) -> float:
        """Seconds from the start of the last run to its end; 0 before there is an end."""
        if self.started_at is None or self.finished_at is None:
            return 0.0
        return (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Submitted:
    """The accepted job; `created` is False when its key was known and nothing has changed."""

    job: Job
    created: bool


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to run a job until `until`. `token` grows with every claim: an older lease can store nothing."""

    job: Job
    token: int
    owner: str
    lease_s: float
    until: datetime


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The answer to a heartbeat: the lease's new end, and whether the user wants the job stopped."""

    cancel_requested: bool
    until: datetime


@dataclass(frozen=True, slots=True)
class NewArtifact:
    """A file that a job gave, already on disk; `path` is relative to the data folder."""

    path: str
    media_type: str
    width_px: int
    height_px: int
    bytes: int
    sha256: str


class CancelOutcome(StrEnum):
    """What a cancel came to."""

    CANCELLED = "cancelled"  # it was in line; credits are back
    REQUESTED = "requested"  # it is running; its worker stops at the next step
    TOO_LATE = "too_late"  # it is over


@dataclass(frozen=True, slots=True)
class Recovered:
    """Jobs whose worker was lost, by what became of them."""

    requeued: tuple[int, ...]
    failed: tuple[int, ...]
    cancelled: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """How many jobs will be served before this one, and the seconds until its result. A running job has 0 before it."""

    position: int
    eta_s: float


@dataclass(frozen=True, slots=True)
class Credits:
    """A user's credits of today: what is left of the daily amount, and when the next day begins (UTC)."""

    left: int
    daily: int
    resets_at: datetime
