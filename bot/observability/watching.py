"""Where the numbers come from: requests to Telegram, updates, and what becomes of jobs."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiogram import BaseMiddleware, Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramAPIError
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import TelegramObject, Update

from bot.clock import Clock, utc_now
from bot.database.engine import Database
from bot.database.models import JobStatus
from bot.queue.jobs import CancelOutcome, Job, Lease, Limits, NewArtifact, NewJob, Recovered, Submitted
from bot.queue.sql_queue import SqlJobQueue

if TYPE_CHECKING:
    from bot.observability.metrics import Metrics


class WatchedCalls(BaseRequestMiddleware):
    """Counts every single request, also those that are repeated; to be registered last."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        name = method.__api_method__
        began_s = time.monotonic()
        outcome = "interrupted"
        try:
            response = await make_request(bot, method)
            outcome = "ok"
            return response
        except (TelegramAPIError, OSError) as error:
            outcome = type(error).__name__
            raise
        finally:
            self._metrics.calls.labels(name, outcome).inc()
            if outcome == "ok":
                self._metrics.heard_from_telegram()
                if name != "getUpdates":  # it waits for updates
                    self._metrics.call_time.observe(time.monotonic() - began_s)


class WatchedUpdates(BaseMiddleware):
    """Measures how long updates take to be handled."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Handle the update and note the time."""
        kind = event.event_type if isinstance(event, Update) else type(event).__name__
        with self._metrics.update_time.labels(kind).time():
            return await handler(event, data)


class WatchedQueue(SqlJobQueue):
    """The queue, with every change of a job's state counted after its transaction."""

    def __init__(
        self, database: Database, limits: Limits | None = None, clock: Clock = utc_now, *, metrics: Metrics
    ) -> None:
        super().__init__(database, limits, clock)
        self._metrics = metrics

    async def submit(self, new: NewJob) -> Submitted:
        """Accept a job and count it when it is new."""
        submitted = await super().submit(new)
        if submitted.created:
            self._metrics.jobs_accepted.labels(new.task.kind, new.model).inc()
        return submitted

    async def finish(self, lease: Lease, artifacts: Sequence[NewArtifact], gpu_ms: int) -> Job:
        """Store the result, and measure the job's wait and run."""
        job = await super().finish(lease, artifacts, gpu_ms)
        self._ended(job.kind, JobStatus.DONE)
        if job.started_at is not None and job.finished_at is not None:
            self._metrics.job_wait.observe(_seconds(job.started_at - job.created_at))
            self._metrics.job_run.observe(_seconds(job.finished_at - job.started_at))
        return job

    async def fail(self, lease: Lease, error_code: str, retryable: bool) -> JobStatus:
        """End a run that failed; count the job when it is over."""
        status = await super().fail(lease, error_code, retryable)
        if status is not JobStatus.QUEUED:
            self._ended(lease.job.kind, status, error_code if status is JobStatus.FAILED else "")
        return status

    async def release(self, lease: Lease) -> JobStatus:
        """Put back; a wish to cancel ends the job."""
        status = await super().release(lease)
        if status is not JobStatus.QUEUED:
            self._ended(lease.job.kind, status)
        return status

    async def acknowledge_cancel(self, lease: Lease) -> None:
        """End and count a running job that its owner stopped."""
        await super().acknowledge_cancel(lease)
        self._ended(lease.job.kind, JobStatus.CANCELLED)

    async def cancel(self, job_id: int, user_id: int) -> CancelOutcome:
        """Cancel, and count a job that left the line by it."""
        before = await self.get(job_id)
        outcome = await super().cancel(job_id, user_id)
        if outcome is CancelOutcome.CANCELLED and before.status is JobStatus.QUEUED:
            self._ended(before.kind, JobStatus.CANCELLED)
        return outcome

    async def recover_expired(self) -> Recovered:
        """Take back jobs of lost workers, and count those that are over."""
        return await self._recovered(await super().recover_expired())

    async def recover_others(self, owner: str) -> Recovered:
        """Take back everybody else's jobs, and count those that are over."""
        return await self._recovered(await super().recover_others(owner))

    async def _recovered(self, recovered: Recovered) -> Recovered:
        for job_id in (*recovered.failed, *recovered.cancelled):
            job = await self.get(job_id)
            self._ended(job.kind, job.status, job.error_code or "")
        return recovered

    def _ended(self, kind: str, status: JobStatus, code: str = "") -> None:
        self._metrics.jobs_ended.labels(kind, status.value, code).inc()


def _seconds(time_between: timedelta) -> float:
    return max(0.0, time_between.total_seconds())
