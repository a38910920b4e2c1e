"""The interface of the queue, for whoever uses it and for whoever stands in for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.database.models import JobStatus
from bot.queue.jobs import (
    CancelOutcome,
    Credits,
    Heartbeat,
    Job,
    Lease,
    NewArtifact,
    NewJob,
    Place,
    Recovered,
    Submitted,
)


class JobQueue(Protocol):
    """Durable, fair between users. Every method is one transaction: done when it returns, or nothing has changed."""

    async def submit(self, new: NewJob) -> Submitted:
        """Accept a job and charge its credits; a known key returns its job. LimitReached, NotEnoughCredits."""

    async def claim(self, owner: str, lease_s: float) -> Lease | None:
        """Take the next job in the fair order, or None when no user has one that may run now."""

    async def wait_for_work(self, timeout_s: float) -> None:
        """Return once a job may have become claimable since the last return, or after the time."""

    async def heartbeat(self, lease: Lease) -> Heartbeat:
        """Extend the lease by its `lease_s` from now. LeaseLost."""

    async def finish(self, lease: Lease, artifacts: Sequence[NewArtifact], gpu_ms: int) -> Job:
        """Store the result; it wins over a cancel that came during the last step. LeaseLost."""

    async def fail(self, lease: Lease, error_code: str, retryable: bool) -> JobStatus:
        """Put back at the front of its lane while attempts are left, else fail and refund. LeaseLost."""

    async def release(self, lease: Lease) -> JobStatus:
        """Put back without using up an attempt (graceful shutdown). LeaseLost."""

    async def acknowledge_cancel(self, lease: Lease) -> None:
        """Say that a running job has stopped as requested: cancelled and refunded. LeaseLost."""

    async def cancel(self, job_id: int, user_id: int) -> CancelOutcome:
        """Cancel a job for its owner. NotFound, NotYours."""

    async def recover_expired(self) -> Recovered:
        """Take back jobs whose lease has run out."""

    async def recover_others(self, owner: str) -> Recovered:
        """Take back all jobs that anybody but `owner` holds: at the start of the only worker process."""

    async def get(self, job_id: int) -> Job:
        """The job. NotFound."""

    async def jobs_of(
        self, user_id: int, *, open_only: bool = True, before_id: int | None = None, limit: int = 100
    ) -> list[Job]:
        """All the user's open jobs, oldest first; or `limit` of all jobs, newest first, those before `before_id`."""

    async def open_jobs(self) -> list[Job]:
        """Everybody's open jobs, oldest first: at a start, when their status messages are taken up again."""

    async def newest_wish(self, user_id: int, key_prefix: str) -> Job | None:
        """The user's newest job whose key has this prefix."""

    async def undelivered(self, limit: int = 100) -> list[Job]:
        """Jobs that are over and whose outcome the user has not been shown, oldest first."""

    async def mark_delivered(self, job_id: int, message_id: int | None) -> bool:
        """Remember that the outcome was shown. True for one caller only; False when there is nothing to show."""

    async def set_status_message(self, job_id: int, message_id: int | None) -> None:
        """Remember which message shows the job's progress."""

    async def place(self, job_id: int) -> Place:
        """Where the job stands in line. NotFound when it is over or never was."""

    async def credits(self, user_id: int) -> Credits:
        """The user's credits of today. NotFound."""

    async def grant(self, user_id: int, delta: int, reason: str, *, key: str | None = None) -> Credits:
        """Give a user credits for today, or take some; a known key changes nothing. ValueError for 0. NotFound."""
