"""One job in service and the ways its run can end; each way leaves job, lane and ledger consistent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database.models import Artifact, Duration, Job, JobStatus, Lane, QueueClock
from bot.queue import estimates, lanes, ledger
from bot.queue.jobs import Limits, NewArtifact


@dataclass(frozen=True, slots=True)
class Service:
    """A running job whose lease has been checked, inside a write transaction that holds the clock row."""

    session: AsyncSession
    job: Job
    lane: Lane
    clock: QueueClock
    limits: Limits
    now: datetime

    async def done(self, artifacts: Sequence[NewArtifact], gpu_ms: int) -> None:
        """Store the result; the lane pays what it took, and the next prediction learns from it."""
        await self._learn(max(1, gpu_ms))
        self._leave_service(JobStatus.DONE, gpu_ms)
        self.job.gpu_ms = gpu_ms
        self.session.add_all(
            Artifact(
                job_id=self.job.id,
                index=index,
                path=artifact.path,
                media_type=artifact.media_type,
                width_px=artifact.width_px,
                height_px=artifact.height_px,
                bytes=artifact.bytes,
                sha256=artifact.sha256,
                created_at=self.now,
            )
            for index, artifact in enumerate(artifacts)
        )

    async def given_up(self, error_code: str, retryable: bool) -> JobStatus:
        """Decide what becomes of a run without a result: a wish to cancel comes first, then another attempt."""
        if self.job.cancel_requested:
            return await self.cancelled()
        if retryable and self.job.attempt < self.limits.max_attempts:
            return self.put_back()
        self._leave_service(JobStatus.FAILED, self._held_ms())
        self.job.error_code = error_code
        await ledger.refund(self.session, self.job, self.now)
        return JobStatus.FAILED

    async def interrupted(self) -> JobStatus:
        """End a run that was stopped by no fault of its own: it does not count as an attempt."""
        if self.job.cancel_requested:
            return await self.cancelled()
        self.job.attempt -= 1
        return self.put_back()

    async def cancelled(self) -> JobStatus:
        """Close the job as its user wished."""
        self._leave_service(JobStatus.CANCELLED, self._held_ms())
        await ledger.refund(self.session, self.job, self.now)
        return JobStatus.CANCELLED

    def put_back(self) -> JobStatus:
        """Return the job to the front of its lane; its user has got nothing and pays nothing."""
        lanes.put_back(self.lane, self.job)
        self.job.status = JobStatus.QUEUED
        self.job.lease_owner = self.job.lease_until = None
        return JobStatus.QUEUED

    def _leave_service(self, status: JobStatus, used_gpu_ms: float) -> None:
        lanes.end_service(self.lane, self.job, self.clock, used_gpu_ms, self.limits.max_running)
        self.job.status = status
        self.job.lease_owner = self.job.lease_until = None
        self.job.finished_at = self.now

    def _held_ms(self) -> float:
        """The device time of a run without a result: the time it was held, at most what was predicted."""
        assert self.job.started_at is not None, "a running job has started"
        held_ms = (self.now - self.job.started_at) / timedelta(milliseconds=1)
        return min(float(self.job.cost_gpu_ms), max(0.0, held_ms))

    async def _learn(self, gpu_ms: int) -> None:
        model, size_key = self.job.model, self.job.size_key
        known = await self.session.scalar(
            select(Duration).where(Duration.model == model, Duration.size_key == size_key)
        )
        if known is None:
            self.session.add(Duration(model=model, size_key=size_key, mean_gpu_ms=float(gpu_ms), samples=1))
        else:
            known.mean_gpu_ms = estimates.learn(known.mean_gpu_ms, known.samples, gpu_ms)
            known.samples += 1
