"""The database's aggregates equal a plain count over all jobs."""

from __future__ import annotations

import asyncio
import math
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from bot.database import models
from bot.database.models import JobStatus
from bot.database.statistics import Figures, Load, Spread, Statistics
from tests.bot.queue.queue_world import NOON, World, open_world

CLOSED: Final = (JobStatus.DONE, JobStatus.DELIVERED, JobStatus.FAILED, JobStatus.CANCELLED)
PAINTED: Final = (JobStatus.DONE, JobStatus.DELIVERED)


@st.composite
def _jobs(draw: st.DrawFn) -> dict[str, Any]:
    status = draw(st.sampled_from(CLOSED))
    created_s = draw(st.integers(-3 * 86400, 86400))
    wait_ms, run_ms = draw(st.integers(0, 7_200_000)), draw(st.integers(0, 600_000))
    created = NOON + timedelta(seconds=created_s)
    started = created + timedelta(milliseconds=wait_ms)
    return {
        "user_id": draw(st.integers(1, 4)),
        "status": status,
        "error_code": draw(st.sampled_from(["out_of_memory", "unsafe"])) if status is JobStatus.FAILED else None,
        "created_at": created,
        "started_at": None if status is JobStatus.CANCELLED else started,
        "finished_at": started + timedelta(milliseconds=run_ms),
        "delivered_at": started + timedelta(hours=1) if status is JobStatus.DELIVERED else None,
        "gpu_ms": run_ms if status in PAINTED else None,
    }


def _row(number: int, job: dict[str, Any]) -> dict[str, Any]:
    return {
        "idempotency_key": str(number), "kind": "text_to_image", "task": "{}", "model": "m", "size_key": "s",
        "language": "en", "chat_id": 1, "cost_credits": 1, "cost_gpu_ms": 1, "cancel_requested": False, "attempt": 1,
        "lease_token": 1, **job,
    }  # fmt: skip


async def _figures(jobs: list[dict[str, Any]], hours_back: int, hours: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        async with open_world(Path(folder)) as world:
            for user_id in range(1, 5):
                await world.user(user_id)
            if jobs:
                async with world.database.write() as session:
                    await session.execute(insert(models.Job), [_row(number, job) for number, job in enumerate(jobs)])
            since = NOON - timedelta(hours=hours_back)
            return await Statistics(world.database, world.clock).over(since, since + timedelta(hours=hours))


def _spread(seconds: list[float]) -> Spread | None:
    if not seconds:
        return None
    ordered = sorted(seconds)

    def percentile(percent: int) -> float:
        return ordered[math.ceil(percent * len(ordered) / 100) - 1]

    return Spread(sum(ordered) / len(ordered), percentile(50), percentile(95))


def _fits(told: Spread | None, exact: Spread | None) -> bool:
    """The mean is exact, to the millisecond of a julian day; percentiles are at most a tenth of a second too long."""
    if told is None or exact is None:
        return told is exact
    return math.isclose(told.mean_s, exact.mean_s, abs_tol=0.002) and all(
        b - 0.002 <= a <= b + 0.102 for a, b in ((told.p50_s, exact.p50_s), (told.p95_s, exact.p95_s))
    )


@settings(max_examples=20)
@given(st.lists(_jobs(), max_size=40), st.integers(0, 80), st.sampled_from([1, 7, 48, 49, 100]))
def test_the_figures_are_those_of_a_plain_count(jobs: list[dict[str, Any]], hours_back: int, hours: int) -> None:
    figures = asyncio.run(_figures(jobs, hours_back, hours))
    ended = [job for job in jobs if figures.since <= job["finished_at"] < figures.until]
    painted = [job for job in ended if job["status"] in PAINTED]

    assert figures.step == (timedelta(hours=1) if hours <= 48 else timedelta(days=1))
    assert len(figures.buckets) == math.ceil(timedelta(hours=hours) / figures.step)
    for index, bucket in enumerate(figures.buckets):
        assert bucket.start == figures.since + index * figures.step
        inside = Counter(
            job["status"] for job in ended if bucket.start <= job["finished_at"] < bucket.start + figures.step
        )
        assert bucket.done == inside[JobStatus.DONE] + inside[JobStatus.DELIVERED]
        assert (bucket.failed, bucket.cancelled) == (inside[JobStatus.FAILED], inside[JobStatus.CANCELLED])
    assert figures.done + figures.failed + figures.cancelled == len(ended)

    waits = [(job["started_at"] - job["created_at"]).total_seconds() for job in painted]
    runs = [(job["finished_at"] - job["started_at"]).total_seconds() for job in painted]
    assert _fits(figures.wait, _spread(waits))
    assert _fits(figures.run, _spread(runs))
    assert dict(figures.failures) == Counter(job["error_code"] for job in ended if job["error_code"])
    used_ms = Counter[int]()
    for job in painted:
        used_ms[job["user_id"]] += job["gpu_ms"]
    assert {user.user_id: user.gpu_ms for user in figures.busiest} == used_ms
    assert {user.user_id: user.jobs for user in figures.busiest} == Counter(job["user_id"] for job in painted)
    assert [user.gpu_ms for user in figures.busiest] == sorted((user.gpu_ms for user in figures.busiest), reverse=True)
    asked = {job["user_id"] for job in jobs if figures.since <= job["created_at"] < figures.until}
    assert figures.active_users == len(asked)
    assert figures.new_users == (4 if figures.since <= NOON < figures.until else 0)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A queue with its database."""
    async with open_world(tmp_path) as world:
        yield world


async def test_the_last_instant_of_an_hour_belongs_to_it(world: World) -> None:
    await world.user(1)
    job = {"user_id": 1, "status": JobStatus.DONE, "started_at": NOON, "created_at": NOON}
    ends = [timedelta(hours=1, microseconds=-1), timedelta(hours=1), timedelta(hours=2, microseconds=-1)]
    async with world.database.write() as session:
        await session.execute(
            insert(models.Job),
            [_row(number, job | {"finished_at": NOON + end}) for number, end in enumerate(ends)],
        )
    figures = await Statistics(world.database, world.clock).over(NOON, NOON + timedelta(hours=2))
    assert [bucket.done for bucket in figures.buckets] == [1, 2]


async def test_the_load_is_the_line_of_this_moment(world: World) -> None:
    statistics = Statistics(world.database, world.clock)
    assert await statistics.now() == Load(queued=0, running=0, oldest_wait_s=None)
    for user_id in (1, 2, 3):
        await world.submit(await world.user(user_id))
        world.clock.advance(10)
    await world.claim()
    assert await statistics.now() == Load(queued=2, running=1, oldest_wait_s=20.0)
