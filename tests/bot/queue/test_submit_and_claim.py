"""Jobs come in, are served, and end exactly once."""

from __future__ import annotations

import pytest

from bot.database.models import JobStatus
from bot.queue import errors
from bot.queue.jobs import CancelOutcome
from tests.bot.queue.queue_world import LEASE_S, World


async def test_a_job_is_queued_run_done_and_delivered(world: World) -> None:
    ann = await world.user(1)
    job_id = await world.submit(ann)
    lease = await world.claim()
    assert lease.job.id == job_id
    assert lease.job.task.prompt == "a red circle"
    assert (await world.queue.get(job_id)).status is JobStatus.RUNNING
    await world.finish(lease)
    assert [job.id for job in await world.queue.undelivered()] == [job_id]
    assert await world.queue.mark_delivered(job_id, 55)
    delivered = await world.queue.get(job_id)
    assert (delivered.status, delivered.result_message_id, delivered.gpu_ms) == (JobStatus.DELIVERED, 55, 1000)
    assert await world.queue.undelivered() == []
    assert await world.queue.claim("worker", LEASE_S) is None


async def test_the_same_key_is_the_same_job_even_beyond_every_limit(world: World) -> None:
    ann = await world.user(1)
    first = await world.queue.submit(world.new_job(ann, key="press", credits=700))
    again = await world.queue.submit(world.new_job(ann, key="press", credits=700))
    assert (first.created, again.created) == (True, False)
    assert again.job.id == first.job.id
    assert (await world.queue.credits(ann)).left == 0


async def test_a_ban_that_comes_while_a_message_is_handled_lets_no_job_in(world: World) -> None:
    ann = await world.user(1)
    await world.users.set_banned(ann, True)
    with pytest.raises(errors.Banned):
        await world.submit(ann)
    await world.users.set_banned(ann, False)
    await world.submit(ann)


async def test_two_users_may_use_the_same_key(world: World) -> None:
    ann, bob = await world.user(1), await world.user(2)
    assert await world.submit(ann, key="message-1") != await world.submit(bob, key="message-1")


async def test_the_twenty_first_job_in_line_is_refused_and_costs_nothing(world: World) -> None:
    ann = await world.user(1)
    for _ in range(world.limits.max_queued):
        await world.submit(ann)
    before = await world.queue.credits(ann)
    with pytest.raises(errors.LimitReached) as refused:
        await world.submit(ann)
    assert refused.value.limit == world.limits.max_queued
    assert await world.queue.credits(ann) == before


async def test_a_user_runs_no_more_jobs_at_once_than_allowed(world: World) -> None:
    ann, bob = await world.user(1), await world.user(2)
    await world.submit(ann)
    await world.submit(ann)
    bobs = await world.submit(bob)
    first = await world.claim()
    assert (await world.claim()).job.id == bobs
    assert await world.queue.claim("worker", LEASE_S) is None
    await world.finish(first)
    assert (await world.claim()).job.user_id == ann


async def test_an_unknown_user_cannot_submit(world: World) -> None:
    with pytest.raises(errors.NotFound):
        await world.submit(404)


async def test_cancelling_a_queued_job_takes_it_out_of_line_with_its_credits(world: World) -> None:
    ann = await world.user(1)
    first, second, third = [await world.submit(ann, credits=7) for _ in range(3)]
    assert await world.queue.cancel(first, ann) is CancelOutcome.CANCELLED
    assert await world.queue.cancel(second, ann) is CancelOutcome.CANCELLED
    assert (await world.queue.credits(ann)).left == world.limits.daily_credits - 7
    assert (await world.claim()).job.id == third


async def test_cancelling_twice_refunds_once(world: World) -> None:
    ann = await world.user(1)
    job_id = await world.submit(ann, credits=7)
    assert await world.queue.cancel(job_id, ann) is CancelOutcome.CANCELLED
    assert await world.queue.cancel(job_id, ann) is CancelOutcome.CANCELLED
    assert (await world.queue.credits(ann)).left == world.limits.daily_credits


async def test_cancelling_a_running_job_reaches_its_worker_with_the_next_heartbeat(world: World) -> None:
    ann = await world.user(1)
    job_id = await world.submit(ann, credits=7)
    lease = await world.claim()
    assert not (await world.queue.heartbeat(lease)).cancel_requested
    assert await world.queue.cancel(job_id, ann) is CancelOutcome.REQUESTED
    assert (await world.queue.heartbeat(lease)).cancel_requested
    await world.queue.acknowledge_cancel(lease)
    assert (await world.queue.get(job_id)).status is JobStatus.CANCELLED
    assert (await world.queue.credits(ann)).left == world.limits.daily_credits


async def test_a_finished_job_is_too_late_to_cancel(world: World) -> None:
    ann = await world.user(1)
    job_id = await world.submit(ann)
    await world.finish(await world.claim())
    assert await world.queue.cancel(job_id, ann) is CancelOutcome.TOO_LATE


async def test_nobody_cancels_the_job_of_another(world: World) -> None:
    ann, bob = await world.user(1), await world.user(2)
    job_id = await world.submit(ann)
    with pytest.raises(errors.NotYours):
        await world.queue.cancel(job_id, bob)
    with pytest.raises(errors.NotFound):
        await world.queue.cancel(job_id + 1, bob)


async def test_an_outcome_is_shown_once(world: World) -> None:
    ann = await world.user(1)
    job_id = await world.submit(ann)
    assert not await world.queue.mark_delivered(job_id, 5), "nothing to show yet"
    await world.queue.cancel(job_id, ann)
    assert await world.queue.mark_delivered(job_id, 5)
    assert not await world.queue.mark_delivered(job_id, 6)
    assert (await world.queue.get(job_id)).status is JobStatus.CANCELLED


async def test_jobs_of_a_user_are_listed_open_first_come_or_all_newest_first(world: World) -> None:
    ann, bob = await world.user(1), await world.user(2)
    ids = [await world.submit(ann) for _ in range(4)]
    await world.submit(bob)
    await world.queue.cancel(ids[0], ann)
    await world.claim()
    assert [job.id for job in await world.queue.jobs_of(ann)] == ids[1:]
    assert [job.id for job in await world.queue.jobs_of(ann, open_only=False, limit=2)] == [ids[3], ids[2]]
    page = await world.queue.jobs_of(ann, open_only=False, before_id=ids[2], limit=5)
    assert [job.id for job in page] == [ids[1], ids[0]]


async def test_the_status_message_is_remembered(world: World) -> None:
    ann = await world.user(1)
    job_id = await world.submit(ann)
    await world.queue.set_status_message(job_id, 77)
    assert (await world.queue.get(job_id)).status_message_id == 77


async def test_a_submission_wakes_the_worker_and_a_wait_without_work_ends(world: World) -> None:
    ann = await world.user(1)
    await world.submit(ann)
    await world.queue.wait_for_work(timeout_s=60)
    await world.queue.wait_for_work(timeout_s=0.01)


async def test_all_open_jobs_are_listed_so_that_a_cancel_of_everything_leaves_none(world: World) -> None:
    ann = await world.user(1)
    ids = [await world.submit(ann) for _ in range(3)]
    assert [job.id for job in await world.queue.jobs_of(ann, limit=1)] == ids


async def test_the_newest_wish_is_found_by_the_beginning_of_its_key(world: World) -> None:
    ann, bob = await world.user(1), await world.user(2)
    await world.submit(ann, key="again:1:a")
    newest = await world.submit(ann, key="again:1:b")
    await world.submit(ann, key="again:12:a")
    await world.submit(bob, key="again:1:c")
    found = await world.queue.newest_wish(ann, "again:1:")
    assert found is not None
    assert found.id == newest
    assert await world.queue.newest_wish(ann, "again:2:") is None
