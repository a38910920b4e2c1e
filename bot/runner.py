"""From queue to pool: takes fair leases, keeps them alive, stores what the engines make.

Everything durable happens in the queue; a runner that dies loses nothing but time. The order of a success is: files
on disk, then artifacts and status in one transaction, then delivery.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog
from pydantic import ValidationError

from bot import crash
from bot.database.models import JobStatus
from bot.queue.errors import LeaseLost
from bot.queue.jobs import NewArtifact
from engines import errors, tasks

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.board import StatusBoard
    from bot.delivery import Delivery
    from bot.media import MediaStore
    from bot.pools import TaskPool
    from bot.queue.jobs import Lease
    from bot.queue.protocol import JobQueue

log = structlog.get_logger(__name__)

_IDLE_S: Final = 5.0  # leases of lost workers are looked for this often, at least
_PNG: Final = "image/png"


@dataclass(slots=True)
class _Run:
    """A leased job in the pool: the engine's work, and the task that brings its end into the queue."""

    painting: asyncio.Task[tasks.Result]
    task: asyncio.Task[None] | None = None
    stopped_by_owner: bool = False


class Runner:
    """Runs jobs until cancelled; then gives its jobs back to the queue without using up an attempt."""

    def __init__(
        self,
        queue: JobQueue,
        pool: TaskPool,
        board: StatusBoard,
        delivery: Delivery,
        media: MediaStore,
        *,
        owner: str,
        lease_s: float,
        heartbeat_s: float,
    ) -> None:
        self._queue = queue
        self._pool = pool
        self._board = board
        self._delivery = delivery
        self._media = media
        self._owner = owner
        self._lease_s = lease_s
        self._heartbeat_s = heartbeat_s
        self._runs: dict[tuple[int, int], _Run] = {}  # by job and lease: a job taken back may run here again at once
        self._slot_free = asyncio.Event()

    def cancel(self, job_id: int) -> None:
        """Stop a running job at its next step; the queue has been told before. A finished painting is kept."""
        for (running_id, _), run in self._runs.items():
            if running_id == job_id:
                run.stopped_by_owner = True
                self._board.cancelling(job_id)
                run.painting.cancel()

    async def run(self) -> None:
        """Claim and run jobs until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._take_back_lost_jobs())
                group.create_task(self._run_jobs())
        finally:
            for run in self._runs.values():
                run.painting.cancel()
            await asyncio.gather(
                *(run.task for run in self._runs.values() if run.task is not None), return_exceptions=True
            )

    async def _run_jobs(self) -> None:
        while True:
            await self._fill_pool()
            await self._wait()

    async def _wait(self) -> None:
        if len(self._runs) < self._pool.capacity:
            await self._queue.wait_for_work(_IDLE_S)
            return
        self._slot_free.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_IDLE_S):
                await self._slot_free.wait()

    async def _fill_pool(self) -> None:
        while len(self._runs) < self._pool.capacity:
            crash.point(crash.Point.BEFORE_CLAIM)
            lease = await self._claim()
            if lease is None:
                return
            crash.point(crash.Point.AFTER_CLAIM)
            run = _Run(asyncio.create_task(self._paint(lease), name=f"paint-{lease.job.id}"))
            self._runs[_key(lease)] = run
            run.task = asyncio.create_task(self._run(lease, run), name=f"job-{lease.job.id}")

    async def _claim(self) -> Lease | None:
        """Take a lease. One that is granted while this runner is being stopped goes back at once."""
        claiming = asyncio.create_task(self._queue.claim(self._owner, self._lease_s))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            if (lease := await claiming) is not None:
                await self._queue.release(lease)
            raise

    async def _take_back_lost_jobs(self) -> None:
        """Jobs of workers that died without a word, until cancelled."""
        while True:
            recovered = await self._queue.recover_expired()
            for job_id in recovered.requeued:
                self._board.waits_again(job_id)
            for job_id in (*recovered.failed, *recovered.cancelled):
                self._delivery.notify(job_id)
            await asyncio.sleep(_IDLE_S)

    async def _run(self, lease: Lease, run: _Run) -> None:
        job_id = lease.job.id
        heart = asyncio.create_task(self._keep_alive(lease, run))
        try:
            await self._conclude(lease, run)
        except LeaseLost:
            log.warning("lease_lost", job_id=job_id)
        except Exception:
            # The lease runs out, and the job is taken again.
            log.exception("run_failed", job_id=job_id)
        finally:
            heart.cancel()
            await asyncio.gather(heart, return_exceptions=True)
            del self._runs[_key(lease)]
            self._slot_free.set()

    async def _conclude(self, lease: Lease, run: _Run) -> None:
        """Wait for the engine and bring the job into exactly one state."""
        job_id = lease.job.id
        await asyncio.wait({run.painting})
        try:
            result = run.painting.result()
        except (asyncio.CancelledError, errors.TaskCancelled, errors.PoolClosed):
            # The engine stopped before its end: for the owner, or because this process ends.
            if run.stopped_by_owner:
                await self._queue.acknowledge_cancel(lease)
                self._delivery.notify(job_id)
            else:
                await self._queue.release(lease)
            return
        except (errors.EngineError, ValidationError) as error:
            await self._conclude_failed(lease, error)
            return
        await self._store(lease, result)
        self._delivery.notify(job_id)

    async def _conclude_failed(self, lease: Lease, error: errors.EngineError | ValidationError) -> None:
        job_id = lease.job.id
        code = error.code if isinstance(error, errors.EngineError) else errors.InvalidTask.code
        retryable = isinstance(error, errors.EngineError) and error.retryable
        log.warning("job_failed", job_id=job_id, code=code, attempt=lease.job.attempt, error=type(error).__name__)
        status = await self._queue.fail(lease, code, retryable)
        if status is JobStatus.QUEUED:
            self._board.waits_again(job_id)
        else:
            self._delivery.notify(job_id)

    async def _paint(self, lease: Lease) -> tasks.Result:
        self._board.started(lease.job)
        return await self._pool.run(lease.job.task, on_progress=self._on_progress(lease.job.id))

    def _on_progress(self, job_id: int) -> Callable[[tasks.Progress], None]:
        def on_progress(progress: tasks.Progress) -> None:
            if progress.stage is tasks.Stage.SAMPLING and progress.step * 2 >= progress.steps:
                crash.point(crash.Point.MID_STEP)
            self._board.progress(job_id, progress)

        return on_progress

    async def _store(self, lease: Lease, result: tasks.Result) -> None:
        files = []
        for picture in result.pictures:
            stored = await self._media.save(picture.png, suffix=".png")
            files.append(
                NewArtifact(stored.path, _PNG, picture.width_px, picture.height_px, stored.size_bytes, stored.sha256)
            )
        crash.point(crash.Point.BEFORE_RESULT_STORED)
        await self._queue.finish(lease, files, result.gpu_ms)
        crash.point(crash.Point.AFTER_RESULT_STORED)
        log.info("job_done", job_id=lease.job.id, gpu_ms=result.gpu_ms, pictures=len(files))

    async def _keep_alive(self, lease: Lease, run: _Run) -> None:
        """Extend the lease until cancelled; stop the engine when the lease is lost or the owner wants it."""
        while True:
            await asyncio.sleep(self._heartbeat_s)
            try:
                beat = await self._queue.heartbeat(lease)
            except LeaseLost:
                run.painting.cancel()
                return
            except Exception:
                log.exception("heartbeat_failed", job_id=lease.job.id)
                continue  # the lease lasts for at least one more heartbeat
            if beat.cancel_requested:
                self.cancel(lease.job.id)


def _key(lease: Lease) -> tuple[int, int]:
    return lease.job.id, lease.token
