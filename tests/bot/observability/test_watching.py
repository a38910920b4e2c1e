"""Numbers follow what happens, and name nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramRetryAfter
from aiogram.methods import SendMessage

from bot.database.statistics import Load, Statistics
from bot.observability.metrics import Metrics
from bot.observability.watching import WatchedCalls, WatchedQueue
from engines.pool import PoolState
from tests.bot.fake_telegram import FakeTelegram
from tests.bot.queue.queue_world import LEASE_S, World, open_world
from tests.puppet import PuppetPool

ANN, BORIS = 7_300_452_119, 7_300_452_120  # so long that no measured time contains them by chance


class Time:
    """A monotonic clock that moves when told."""

    s = 50.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(Time())


@pytest.fixture
async def world(tmp_path: Path, metrics: Metrics) -> AsyncIterator[World]:
    async with open_world(tmp_path) as world:
        world.queue = WatchedQueue(world.database, world.limits, world.clock, metrics=metrics)
        for user_id in (ANN, BORIS):
            await world.user(user_id)
        yield world


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(f"kandinsky_{name}", labels) or 0.0


def ended(metrics: Metrics, status: str, code: str = "") -> float:
    return value(metrics, "jobs_ended_total", kind="text_to_image", status=status, code=code)


async def test_every_job_is_counted_once_when_it_comes_and_once_when_it_ends(world: World, metrics: Metrics) -> None:
    await world.submit(ANN, key="same")
    await world.submit(ANN, key="same")
    assert value(metrics, "jobs_accepted_total", kind="text_to_image", model="kandinsky-3") == 1
    world.clock.advance(4)
    lease = await world.claim()
    world.clock.advance(7)
    await world.finish(lease)
    assert ended(metrics, "done") == 1
    assert value(metrics, "job_wait_seconds_sum") == pytest.approx(4)
    assert value(metrics, "job_run_seconds_sum") == pytest.approx(7)

    queued = await world.submit(BORIS)
    await world.queue.cancel(queued, BORIS)
    await world.queue.cancel(queued, BORIS)
    assert ended(metrics, "cancelled") == 1

    await world.submit(ANN)
    for attempt in range(1, 4):
        assert await world.queue.fail(await world.claim(), "out_of_memory", True) is not None
        assert ended(metrics, "failed", "out_of_memory") == (attempt == 3)

    await world.submit(ANN)
    lease = await world.claim()
    await world.queue.cancel(lease.job.id, ANN)
    await world.queue.acknowledge_cancel(lease)
    assert ended(metrics, "cancelled") == 2

    await world.submit(ANN)
    for _ in range(3):
        await world.claim()
        world.clock.advance(LEASE_S + 1)
        await world.queue.recover_expired()
    assert ended(metrics, "failed", "too_many_attempts") == 1


async def test_calls_are_counted_by_outcome_and_silence_is_measured(metrics: Metrics) -> None:
    telegram = FakeTelegram()
    telegram.middleware(WatchedCalls(metrics))
    bot = Bot("42:fake", session=telegram)
    assert metrics.silence_s is None
    await bot.send_message(ANN, "hello")
    telegram.fail(SendMessage, lambda method: TelegramRetryAfter(method, "Too Many Requests", 3))
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(ANN, "hello")
    assert value(metrics, "telegram_calls_total", method="sendMessage", outcome="ok") == 1
    assert value(metrics, "telegram_calls_total", method="sendMessage", outcome="TelegramRetryAfter") == 1
    Time.s += 30
    assert metrics.silence_s == 30


async def test_the_exposition_has_gauges_and_no_person(world: World, metrics: Metrics) -> None:
    await world.submit(ANN)
    load = await Statistics(world.database, world.clock).now()
    text = metrics.exposition(load, PuppetPool().state(), maintenance_is_on=True).decode()
    for line in (
        "kandinsky_jobs_queued 1.0",
        "kandinsky_maintenance 1.0",
        'kandinsky_device_budget_bytes{device="puppet"}',
    ):
        assert line in text
    assert str(ANN) not in text
    assert "a red circle" not in text


def test_a_pool_that_has_not_started_has_no_devices(metrics: Metrics) -> None:
    text = metrics.exposition(Load(0, 0, None), PoolState(()), maintenance_is_on=False).decode()
    assert "kandinsky_oldest_wait_seconds 0.0" in text
    assert "device_memory_bytes{" not in text


def test_no_label_can_name_a_person(metrics: Metrics) -> None:
    names = {"kind", "model", "status", "code", "method", "outcome", "type", "device", "state"}
    declared = set[str]()
    for collector in vars(metrics).values():
        declared |= set(getattr(collector, "_labelnames", ()))
    assert declared == names
