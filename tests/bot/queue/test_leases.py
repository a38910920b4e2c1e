"""Leases: attempts, fencing, recovery."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from bot.database import models
from bot.database.models import JobStatus
from bot.queue import errors
from bot.queue.jobs import Recovered
from tests.bot.queue.queue_world import LEASE_S, World


async def test_a_lease_lives_as_long_as_it_is_kept_alive(world: World) -> None:
    ann = await world.user(1)
    await world.submit(ann)
    lease = await world.claim()
    for _ in range(5):
        world.clock.advance(LEASE_S * 0.9)
        await world.queue.heartbeat(lease)
    assert await world.queue.recover_expired() == Recovered((), (), ())
    await world.finish(lease)


async def test_a_lost_worker_loses_its_job_to_the_next_one_and_can_store_nothing(world: World) -> None:
    ann = await world.user(1)
    job_id = await world.submit(ann)
    stale = await world.claim("slow")
    world.clock.advance(LEASE_S + 1)
    assert await world.queue.recover_expired() == Recovered((job_id,), (), ())
    fresh = await world.claim("quick")
    assert (fresh.job.id, fresh.job.attempt) == (job_id, 2)
    for late_act in (
        world.queue.heartbeat(stale),
        world.queue.finish(stale, [world.artifact()], 5),
        world.queue.fail(stale, "engine_failed", True),
        world.queue.release(stale),
        world.queue.acknowledge_cancel(stale),
    ):
        with pytest.raises(errors.LeaseLost):
            await late_act
    await world.finish(fresh)
    async with world.database.read() as session:
        assert await session.scalar(select(func.count(models.Artifact.id))) == 1


async def test_a_late_heartbeat_counts_while_nobody_took_the_job_back(world: World) -> None:
    ann = await world.user(1)
    await world.submit(ann)
    lease = await world.claim()
    world.clock.advance(LEASE_S * 3)
    await world.queue.heartbeat(lease)
    assert await world.queue.recover_expired() == Recovered((), (), ())


async def test_a_finished_lease_is_over(world: World) -> None:
    ann = await world.user(1)
    await world.submit(ann)
    lease = await world.claim()
    await world.finish(lease)
    with pytest.raises(errors.LeaseLost):
        await world.finish(lease)


async def test_the_third_failed_attempt_is_final_and_gives_the_credits_back(world: World) -> None:
    ann = await world.user(1)
    job_id = await world.submit(ann, credits=7)
    for expected in (JobStatus.QUEUED, JobStatus.QUEUED, JobStatus.FAILED):
        assert (await world.queue.credits(ann)).left == world.limits.daily_credits - 7
        assert await world.queue.fail(await world.claim(), "out_of_memory", retryable=True) is expected
    failed = await world.queue.get(job_id)
    assert (failed.status, failed.error_code, failed.attempt) == (JobStatus.FAILED, "out_of_memory", 3)
    assert (await world.queue.credits(ann)).left == world.limits.daily_credits
    assert [job.id for job in await world.queue.undelivered()] == [job_id]


async def test_a_failure_that_would_repeat_is_final_at_once(world: World) -> None:
    ann = await world.user(1)
    await world.submit(ann)
    assert await world.queue.fail(await world.claim(), "invalid_task", retryable=False) is JobStatus.FAILED


async def test_a_job_that_loses_every_worker_fails_with_its_reason(world: World) -> None:
    ann = await world.user(1)
    job_id = await world.submit(ann)
    for attempt in range(1, 4):
        await world.claim(f"process-{attempt}")
        recovered = await world.queue.recover_others(f"process-{attempt + 1}")
        assert recovered == (Recovered((job_id,), (), ()) if attempt < 3 else Recovered((), (job_id,), ()))
    assert (await world.queue.get(job_id)).error_code == "too_many_attempts"


async def test_a_graceful_put_back_uses_no_attempt(world: World) -> None:
    ann = await world.user(1)
    await world.submit(ann)
    for _ in range(5):
        lease = await world.claim()
        assert lease.job.attempt == 1
        assert await world.queue.release(lease) is JobStatus.QUEUED


async def test_a_job_put_back_goes_before_the_jobs_accepted_after_it(world: World) -> None:
    ann = await world.user(1)
    first = await world.submit(ann)
    await world.submit(ann)
    await world.queue.fail(await world.claim(), "engine_failed", retryable=True)
    assert (await world.claim()).job.id == first


async def test_an_owner_keeps_its_own_leases_when_the_others_are_taken_back(world: World) -> None:
    ann, bob = await world.user(1), await world.user(2)
    await world.submit(ann)
    mine = await world.claim("me")
    lost = await world.submit(bob)
    await world.claim("dead")
    assert await world.queue.recover_others("me") == Recovered((lost,), (), ())
    await world.finish(mine)


@pytest.mark.parametrize("way", ["fail", "release", "expire"])
async def test_a_wish_to_cancel_wins_over_another_attempt(world: World, way: str) -> None:
    ann = await world.user(1)
    job_id = await world.submit(ann, credits=7)
    lease = await world.claim()
    await world.queue.cancel(job_id, ann)
    if way == "fail":
        assert await world.queue.fail(lease, "engine_failed", retryable=True) is JobStatus.CANCELLED
    elif way == "release":
        assert await world.queue.release(lease) is JobStatus.CANCELLED
    else:
        world.clock.advance(LEASE_S + 1)
        assert await world.queue.recover_expired() == Recovered((), (), (job_id,))
    assert (await world.queue.credits(ann)).left == world.limits.daily_credits


async def test_a_result_wins_over_a_cancel_that_came_too_late(world: World) -> None:
    ann = await world.user(1)
    job_id = await world.submit(ann, credits=7)
    lease = await world.claim()
    await world.queue.cancel(job_id, ann)
    await world.finish(lease)
    assert (await world.queue.get(job_id)).status is JobStatus.DONE
    assert (await world.queue.credits(ann)).left == world.limits.daily_credits - 7
