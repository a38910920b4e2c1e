"""The fair order: bounds between users, weights, and what a single job waits for."""

from __future__ import annotations

import asyncio
import itertools
import random
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.database import models
from bot.queue import fairness, lanes
from bot.queue.jobs import Lease, Limits
from tests.bot.queue.queue_world import LEASE_S, World, open_world

COSTS_MS = st.sampled_from([50, 130, 361, 1000])


@dataclass(frozen=True)
class Crowd:
    """Users with work, each as (odd jobs' cost, even jobs' cost, weight); all but the first come after `late` ends."""

    users: list[tuple[int, int, float]]
    devices: int
    late: int
    seed: int


CROWDS = st.builds(
    Crowd,
    users=st.lists(st.tuples(COSTS_MS, COSTS_MS, st.sampled_from([0.5, 1.0, 1.0, 4.0])), min_size=2, max_size=4),
    devices=st.integers(1, 4),
    late=st.integers(0, 6),
    seed=st.integers(0, 2**32 - 1),
)
FLOOD = Crowd(users=[(361, 361, 1.0), (50, 50, 1.0)], devices=2, late=5, seed=0)


class Line(Protocol):
    """What the bound is checked on: the order alone, or the whole queue on a file."""

    async def arrive(self, user: int, weight: float, costs_ms: list[int]) -> None: ...

    async def claim(self) -> tuple[int, int] | None: ...

    async def end(self, index: int) -> None: ...


class OrderOnly:
    """The rules of bot.queue.lanes on rows that are in no database."""

    def __init__(self) -> None:
        self._clock = models.QueueClock(id=1, virtual_time=0.0)
        self._lanes: dict[int, models.Lane] = {}
        self._waiting: dict[int, list[models.Job]] = {}
        self._running: list[models.Job] = []
        self._ids = itertools.count(1)

    async def arrive(self, user: int, weight: float, costs_ms: list[int]) -> None:
        lane = models.Lane(user_id=user, tag=0.0, weight=weight, queued=0, queued_cost_gpu_ms=0, running=0)
        self._lanes[user] = lane
        self._waiting[user] = [models.Job(id=next(self._ids), user_id=user, cost_gpu_ms=cost) for cost in costs_ms]
        for job in self._waiting[user]:
            lanes.join(lane, job, self._clock)

    async def claim(self) -> tuple[int, int] | None:
        heads = [(lane.tag, lane.head_job_id, user) for user, lane in self._lanes.items() if lane.queued]
        if not heads:
            return None
        user = min(heads)[2]
        job = self._waiting[user].pop(0)
        following = self._waiting[user][0].id if self._waiting[user] else None
        lanes.serve(self._lanes[user], job, following, self._clock)
        self._running.append(job)
        return user, job.cost_gpu_ms

    async def end(self, index: int) -> None:
        job = self._running.pop(index)
        lanes.end_service(self._lanes[job.user_id], job, self._clock, job.cost_gpu_ms, max_running=100)


class WholeQueue:
    """The real queue."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._running: list[Lease] = []

    async def arrive(self, user: int, weight: float, costs_ms: list[int]) -> None:
        await self._world.user(user, weight=weight)
        for cost_ms in costs_ms:
            await self._world.submit(user, cost_ms=cost_ms)

    async def claim(self) -> tuple[int, int] | None:
        lease = await self._world.queue.claim("worker", LEASE_S)
        if lease is None:
            return None
        self._running.append(lease)
        return lease.job.user_id, lease.job.cost_gpu_ms

    async def end(self, index: int) -> None:
        await self._world.finish(self._running.pop(index))


@settings(max_examples=150)
@given(CROWDS)
@example(FLOOD)
def test_users_with_work_get_service_by_weight_within_the_bound(crowd: Crowd) -> None:
    asyncio.run(_serve_and_check(OrderOnly(), crowd, jobs_each=30))


@settings(max_examples=3)
@given(CROWDS)
@example(FLOOD)
def test_the_bound_holds_on_the_whole_queue(crowd: Crowd) -> None:
    async def run() -> None:
        limits = Limits(max_queued=1000, max_running=crowd.devices, daily_credits=10**6)
        with tempfile.TemporaryDirectory() as folder:
            async with open_world(Path(folder), limits) as world:
                await _serve_and_check(WholeQueue(world), crowd, jobs_each=10)

    asyncio.run(run())


async def _serve_and_check(line: Line, crowd: Crowd, jobs_each: int) -> None:
    """For every two users, while both have work: (D + 1) (cA / wA + cB / wB) at most, over any span of time.

    Any running job may end next, because devices differ in speed.
    """
    dice = random.Random(crowd.seed)
    weight = {user: weight for user, (_, _, weight) in enumerate(crowd.users)}
    dearest = {user: max(odd, even) / weight for user, (odd, even, weight) in enumerate(crowd.users)}
    queued: Counter[int] = Counter()
    started: Counter[int] = Counter()
    ended: Counter[int] = Counter()
    running: list[tuple[int, int]] = []
    spans: dict[tuple[int, int], list[tuple[float, float]]] = {}

    async def arrive(user: int) -> None:
        costs_ms = [crowd.users[user][number % 2] for number in range(jobs_each)]
        await line.arrive(user, weight[user], costs_ms)
        queued[user] = jobs_each

    await arrive(0)
    for service in itertools.count():
        if service == crowd.late:
            for user in range(1, len(crowd.users)):
                await arrive(user)
        while len(running) < crowd.devices and (begun := await line.claim()) is not None:
            running.append(begun)
            started[begun[0]] += begun[1]
            queued[begun[0]] -= 1
        if not all(queued.values()):
            break  # somebody has no work left: the promise is to those who have
        for a, b in itertools.combinations(queued, 2):
            in_service = started[a] / weight[a] - started[b] / weight[b]
            finished = ended[a] / weight[a] - ended[b] / weight[b]
            spans.setdefault((a, b), []).append((in_service, finished))
        index = dice.randrange(len(running))
        user, cost_ms = running.pop(index)
        await line.end(index)
        ended[user] += cost_ms
    for (a, b), differences in spans.items():
        for measured, extra in (
            ([begun for begun, _ in differences], 0),
            ([over for _, over in differences], crowd.devices),
        ):
            bound = (extra + 1) * (dearest[a] + dearest[b])
            assert max(measured) - min(measured) <= bound + 1e-6


@pytest.mark.parametrize("devices", [1, 3])
async def test_one_job_beside_two_hundred_waits_at_most_one_job_per_device(tmp_path: Path, devices: int) -> None:
    limits = Limits(max_queued=200, max_running=devices, daily_credits=10**6)
    async with open_world(tmp_path, limits) as world:
        crowd, single = await world.user(1), await world.user(2)
        for _ in range(200):
            await world.submit(crowd)
        running = [await world.claim() for _ in range(devices)]
        for _ in range(20):
            await world.finish(running.pop(0))
            running.append(await world.claim())
        job_id = await world.submit(single)
        assert (await world.queue.place(job_id)).position == 0
        await world.finish(running.pop(0))
        assert (await world.claim()).job.id == job_id


async def test_a_user_of_weight_three_gets_three_times_the_service(tmp_path: Path) -> None:
    async with open_world(tmp_path, Limits(max_queued=100, daily_credits=10**6)) as world:
        paid, free = await world.user(1, weight=3.0), await world.user(2)
        for user, _ in itertools.product((paid, free), range(40)):
            await world.submit(user)
        served = Counter[int]()
        for _ in range(40):
            lease = await world.claim()
            served[lease.job.user_id] += 1
            await world.finish(lease)
        assert served == {paid: 30, free: 10}


async def test_a_wrong_prediction_is_paid_by_who_used_the_time(tmp_path: Path) -> None:
    """Both are predicted at 100 ms; one really takes 700. After many services both have used the same time."""
    async with open_world(tmp_path, Limits(max_queued=100, daily_credits=10**6)) as world:
        heavy, light = await world.user(1), await world.user(2)
        for user, _ in itertools.product((heavy, light), range(60)):
            await world.submit(user, cost_ms=100)
        used = Counter[int]()
        for _ in range(60):
            lease = await world.claim()
            gpu_ms = 700 if lease.job.user_id == heavy else 100
            await world.finish(lease, gpu_ms)
            used[lease.job.user_id] += gpu_ms
            assert abs(used[heavy] - used[light]) <= 2 * (700 + 100)


async def _leads(world: World, one: int, other: int) -> list[int]:
    """By how many services `one` is ahead of `other` after each of 16, both having work throughout."""
    for user, _ in itertools.product((one, other), range(16)):
        await world.submit(user)
    leads = [0]
    for _ in range(16):
        lease = await world.claim()
        leads.append(leads[-1] + (1 if lease.job.user_id == one else -1))
        await world.finish(lease)
    return leads


async def test_an_idle_user_saves_up_nothing(world: World) -> None:
    busy, idle = await world.user(1), await world.user(2)
    await world.submit(idle)
    await world.finish(await world.claim())
    for _ in range(12):
        await world.submit(busy)
        await world.finish(await world.claim())
    assert max(await _leads(world, idle, busy)) <= 2, "no burst of the one who was away"


async def test_a_user_held_back_by_the_running_limit_saves_up_nothing(tmp_path: Path) -> None:
    """Two are in service at once, one of each user: the heavy weight cannot turn its unused share into a burst."""
    async with open_world(tmp_path, Limits(max_queued=100, daily_credits=10**6)) as world:
        heavy, other = await world.user(1, weight=100.0), await world.user(2)
        for user, _ in itertools.product((heavy, other), range(20)):
            await world.submit(user)
        for _ in range(10):
            for lease in [await world.claim(), await world.claim()]:
                await world.finish(lease)
        await world.users.set_weight(heavy, 1.0)
        assert max(await _leads(world, heavy, other)) <= 2


async def test_a_cancelled_run_pays_for_the_time_it_was_held_and_no_more(world: World) -> None:
    ann, bob = await world.user(1), await world.user(2)
    for user, _ in itertools.product((ann, bob), range(3)):
        await world.submit(user, cost_ms=10_000)
    lease = await world.claim()
    assert lease.job.user_id == ann
    world.clock.advance(0.5)
    await world.queue.cancel(lease.job.id, ann)
    await world.queue.acknowledge_cancel(lease)
    bobs = await world.claim()
    assert bobs.job.user_id == bob
    await world.finish(bobs)
    assert (await world.claim()).job.user_id == ann, "half a second used, not ten"


async def test_a_retry_costs_its_user_nothing_twice(world: World) -> None:
    ann, bob = await world.user(1), await world.user(2)
    first = await world.submit(ann)
    await world.submit(bob)
    await world.queue.fail(await world.claim(), "engine_failed", retryable=True)
    assert (await world.claim()).job.id == first


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1e6),
            st.floats(0.1, 10),
            st.lists(st.integers(1, 10_000).map(float), min_size=1, max_size=5),
        ),
        max_size=6,
    )
)
def test_the_played_order_serves_every_job_once_and_each_lane_in_its_order(
    lines: list[tuple[float, float, list[float]]],
) -> None:
    ids = itertools.count(1)
    backlogs = [fairness.Backlog(tag, weight, [(next(ids), cost) for cost in costs]) for tag, weight, costs in lines]
    order = list(fairness.serving_order(backlogs))
    assert sorted(order) == sorted(job_id for backlog in backlogs for job_id, _ in backlog.jobs)
    for backlog in backlogs:
        own = [job_id for job_id, _ in backlog.jobs]
        assert [job_id for job_id in order if job_id in own] == own
