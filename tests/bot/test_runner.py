"""From queue to pool and back: what happens to a job when a run ends in another way than with a picture."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.database.models import JobStatus
from bot.queue.jobs import CancelOutcome, Heartbeat, Lease
from bot.queue.sql_queue import SqlJobQueue
from engines import errors
from tests.bot.fake_telegram import PATIENCE_S, until
from tests.bot.fake_timer import settled
from tests.bot.rig import rig, running


async def test_a_finished_painting_is_stored_with_its_file(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.runner.run()):
        job = await room.submit()
        (await room.pool.next()).finish(gpu_ms=1234)
        done = await room.reaches(job.id, JobStatus.DONE)
        assert done.gpu_ms == 1234
        (artifact,) = await room.artifacts.of_job(job.id)
        assert (tmp_path / "media" / artifact.path).stat().st_size == artifact.bytes


async def test_a_heartbeat_that_finds_its_lease_lost_stops_the_painting(tmp_path: Path) -> None:
    async with rig(tmp_path, heartbeat_s=0.02) as room, running(room.runner.run()):
        job = await room.submit()
        lost = await room.pool.next()
        await room.queue.recover_others("somebody else")
        again = await room.pool.next()
        await until(lambda: lost.cancelled)
        assert await room.artifacts.of_job(job.id) == []
        again.finish()
        assert (await room.reaches(job.id, JobStatus.DONE)).attempt == 2
        assert len(await room.artifacts.of_job(job.id)) == 1


async def test_a_painting_that_ends_after_its_lease_was_lost_stores_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.runner.run()):
        room.pool.capacity = 2
        job = await room.submit()
        slow = await room.pool.next()
        await room.queue.recover_others("somebody else")
        again = await room.pool.next()  # the same job, a second time in the same runner
        slow.finish()
        await until(lambda: room.pool.painted == 1)
        other = await room.submit("a blue square")
        again.finish()
        await room.reaches(job.id, JobStatus.DONE)
        assert len(await room.artifacts.of_job(job.id)) == 1
        (await room.pool.next()).finish()
        await room.reaches(other.id, JobStatus.DONE)


async def test_a_cancel_that_only_the_database_knows_is_found_by_the_heartbeat(tmp_path: Path) -> None:
    async with rig(tmp_path, heartbeat_s=0.02) as room, running(room.runner.run()):
        before = await room.credits_left()
        job = await room.submit()
        painting = await room.pool.next()
        assert await room.queue.cancel(job.id, room.ann.id) is CancelOutcome.REQUESTED
        await room.reaches(job.id, JobStatus.CANCELLED)
        assert painting.cancelled
        assert await room.credits_left() == before


async def test_a_pool_that_closes_uses_up_no_attempt(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.runner.run()):
        job = await room.submit()
        (await room.pool.next()).fail(errors.PoolClosed("the pool is shutting down"))
        (await room.pool.next()).finish()
        assert (await room.reaches(job.id, JobStatus.DONE)).attempt == 1


async def test_a_runner_that_is_stopped_gives_its_jobs_back(tmp_path: Path) -> None:
    async with rig(tmp_path) as room:
        async with running(room.runner.run()):
            job = await room.submit()
            painting = await room.pool.next()
        assert painting.cancelled
        kept = await room.job(job.id)
        assert (kept.status, kept.attempt) == (JobStatus.QUEUED, 0)


async def test_who_waits_for_work_hears_a_stop_that_comes_with_the_work(tmp_path: Path) -> None:
    async with rig(tmp_path) as room:

        async def wait_again_and_again() -> None:
            while True:
                await room.queue.wait_for_work(60)

        waiting = asyncio.create_task(wait_again_and_again())
        await settled()
        await room.queue.recover_others("runner")  # finds nothing, and wakes who waits for work
        await asyncio.sleep(0)  # one turn of the loop: the event has come, and its waiter has not gone on yet
        waiting.cancel()
        await asyncio.wait({waiting}, timeout=PATIENCE_S)
        assert waiting.cancelled()


class HesitantQueue(SqlJobQueue):
    """Answers a claim only when the test allows it, after the claim is committed."""

    committed: asyncio.Event
    answers: asyncio.Event

    async def claim(self, owner: str, lease_s: float) -> Lease | None:
        lease = await super().claim(owner, lease_s)
        if lease is not None:
            self.committed.set()
            await self.answers.wait()
        return lease


async def test_a_lease_that_is_granted_while_the_runner_stops_goes_back(tmp_path: Path) -> None:
    async with rig(tmp_path, queue_type=HesitantQueue) as room:
        assert isinstance(room.queue, HesitantQueue)
        room.queue.committed, room.queue.answers = asyncio.Event(), asyncio.Event()
        job = await room.submit()
        runner = asyncio.create_task(room.runner.run())
        await asyncio.wait_for(room.queue.committed.wait(), PATIENCE_S)
        runner.cancel()
        room.queue.answers.set()
        with pytest.raises(asyncio.CancelledError):
            await runner
        kept = await room.job(job.id)
        assert (kept.status, kept.attempt) == (JobStatus.QUEUED, 0)
        assert room.pool.started.empty()


class ForgetfulQueue(SqlJobQueue):
    """Fails the first heartbeat, as a database under a long lock does."""

    heartbeats = 0

    async def heartbeat(self, lease: Lease) -> Heartbeat:
        self.heartbeats += 1
        if self.heartbeats == 1:
            raise OSError("database is locked")
        return await super().heartbeat(lease)


async def test_one_failed_heartbeat_does_not_end_the_heart(tmp_path: Path) -> None:
    async with rig(tmp_path, heartbeat_s=0.02, queue_type=ForgetfulQueue) as room, running(room.runner.run()):
        assert isinstance(room.queue, ForgetfulQueue)
        queue = room.queue
        job = await room.submit()
        painting = await room.pool.next()
        await until(lambda: queue.heartbeats >= 3)
        painting.finish()
        await room.reaches(job.id, JobStatus.DONE)


async def test_a_failed_attempt_waits_in_line_again_and_the_last_one_gives_the_credits_back(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.runner.run()):
        before = await room.credits_left()
        job = await room.submit()
        for _ in range(3):
            (await room.pool.next()).fail(errors.EngineFailed("no"))
        failed = await room.reaches(job.id, JobStatus.FAILED)
        assert (failed.attempt, failed.error_code) == (3, errors.EngineFailed.code)
        assert await room.credits_left() == before
