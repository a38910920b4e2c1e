"""The place in line and the time until a result."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from bot.database import models
from bot.queue import errors, estimates, line
from bot.queue.jobs import Limits, Place
from tests.bot.queue.queue_world import World, open_world

LINES = st.lists(
    st.tuples(st.sampled_from([0.5, 1.0, 3.0]), st.lists(st.sampled_from([100, 400, 1000]), min_size=1, max_size=5)),
    min_size=1,
    max_size=4,
)


async def _place(world: World, job_id: int, exact_limit: int) -> Place:
    async with world.database.read() as session:
        job = await session.get_one(models.Job, job_id)
        return await line.place(session, job, 1, world.clock(), exact_limit=exact_limit)


async def _fill(world: World, users: list[tuple[float, list[int]]]) -> list[int]:
    """All jobs, their arrival mixed between users."""
    for user, (weight, _) in enumerate(users):
        await world.user(user, weight=weight)
    turns = itertools.zip_longest(*(costs for _, costs in users))
    return [
        await world.submit(user, cost_ms=cost_ms)
        for turn in turns
        for user, cost_ms in enumerate(turn)
        if cost_ms is not None
    ]


async def _errors_of_places(users: list[tuple[float, list[int]]], exact_limit: int) -> list[int]:
    """For each job in line, in the order of service: by how much its told position was wrong."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_world(Path(folder), Limits(max_queued=1000, daily_credits=10**6)) as world:
            ids = await _fill(world, users)
            for _ in range(len(ids) // 3):
                await world.finish(await world.claim())
            told = [
                (job_id, await _place(world, job_id, exact_limit)) for job_id in ids if await _is_open(world, job_id)
            ]
            places = dict(told)
            ahead_ms = 0
            wrong = []
            for position in range(len(places)):
                lease = await world.claim()
                place = places[lease.job.id]
                wrong.append(abs(place.position - position))
                ahead_ms += lease.job.cost_gpu_ms
                if wrong[-1] == 0 and exact_limit:
                    assert place.eta_s == pytest.approx(ahead_ms / 1000)
                await world.finish(lease)
            return wrong


async def _is_open(world: World, job_id: int) -> bool:
    return (await world.queue.get(job_id)).status in models.OPEN


NO_SHRINKING = (Phase.explicit, Phase.generate)  # every example is a database on disk


@settings(max_examples=5, phases=NO_SHRINKING)
@given(LINES)
@example([(1.0, [1000]), (1.0, [100] * 5), (3.0, [400, 100, 1000])])
def test_a_short_line_is_told_exactly(users: list[tuple[float, list[int]]]) -> None:
    assert not any(asyncio.run(_errors_of_places(users, line.EXACT_LIMIT)))


@settings(max_examples=5, phases=NO_SHRINKING)
@given(LINES)
@example([(1.0, [1000]), (1.0, [100] * 5), (3.0, [400, 400, 400])])
def test_a_long_line_of_equal_jobs_per_user_is_told_from_its_lanes_up_to_ties(
    users: list[tuple[float, list[int]]],
) -> None:
    equal = [(weight, [costs[0]] * len(costs)) for weight, costs in users]
    assert max(asyncio.run(_errors_of_places(equal, 0))) <= len(users) - 1


def test_a_long_line_of_users_who_take_turns_is_told_exactly_from_its_lanes() -> None:
    assert not any(asyncio.run(_errors_of_places([(1.0, [100] * 6)] * 3, 0)))


async def test_a_long_line_of_unequal_jobs_is_told_nearly(world: World) -> None:
    ids = await _fill(world, [(1.0, [100, 1000] * 5), (1.0, [1000, 100] * 5), (2.0, [400] * 10)])
    exact = [(await _place(world, job_id, line.EXACT_LIMIT)).position for job_id in ids]
    told = [(await _place(world, job_id, 0)).position for job_id in ids]
    assert max(abs(a - b) for a, b in zip(exact, told, strict=True)) <= 2, "one job for each other lane"


async def test_the_wait_is_shared_by_the_devices_and_counts_what_runs_already(tmp_path: Path) -> None:
    async with open_world(tmp_path, Limits(max_running=2, devices=2)) as world:
        ann, bob = await world.user(1), await world.user(2)
        for _ in range(3):
            await world.submit(ann, cost_ms=4000)
        await world.claim()
        await world.claim()
        world.clock.advance(1)
        bobs = await world.submit(bob, cost_ms=2000)
        # Two jobs run for 3 more seconds each; Ann's third starts later than Bob's.
        assert await world.queue.place(bobs) == Place(0, 3.0 + 2.0)


async def test_a_running_job_has_nobody_before_it_and_its_own_rest_to_go(world: World) -> None:
    ann = await world.user(1)
    job_id = await world.submit(ann, cost_ms=5000)
    await world.claim()
    world.clock.advance(2)
    assert await world.queue.place(job_id) == Place(0, 3.0)
    world.clock.advance(60)
    assert await world.queue.place(job_id) == Place(0, 0.0)


async def test_a_job_that_is_over_has_no_place(world: World) -> None:
    ann = await world.user(1)
    job_id = await world.submit(ann)
    await world.queue.cancel(job_id, ann)
    with pytest.raises(errors.NotFound):
        await world.queue.place(job_id)


async def test_measured_durations_replace_the_guess(world: World) -> None:
    ann = await world.user(1)
    waiting = [await world.submit(ann, cost_ms=100) for _ in range(3)]
    await world.finish(await world.claim(), gpu_ms=8000)
    assert (await world.queue.place(waiting[2])).eta_s == 16.0, "accepted before anything was measured"
    later = await world.queue.submit(world.new_job(ann, cost_ms=100))
    assert later.job.cost_gpu_ms == 8000


@given(st.floats(1, 1e6), st.integers(1, 1000), st.floats(1, 1e6))
def test_a_learned_mean_stays_between_the_old_one_and_the_sample(mean_ms: float, samples: int, measured: float) -> None:
    learned = estimates.learn(mean_ms, samples, measured)
    assert min(mean_ms, measured) <= learned * (1 + 1e-9)
    assert learned <= max(mean_ms, measured) * (1 + 1e-9)
    assert abs(learned - mean_ms) <= 0.5 * abs(measured - mean_ms) * (1 + 1e-9) + 1e-9
