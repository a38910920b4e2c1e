from __future__ import annotations

import asyncio
from typing import cast

import pytest

from bot.limiter import Dropped, Limiter, Timer
from bot.pacing import Priority
from tests.bot.fake_timer import FakeTimer, settled

ANN = 1001


@pytest.fixture
def timer() -> FakeTimer:
    return FakeTimer()


@pytest.fixture
def limiter(timer: FakeTimer) -> Limiter:
    return Limiter(cast(Timer, timer))


async def test_calls_wait_for_their_turn_and_results_go_first(timer: FakeTimer, limiter: Limiter) -> None:
    went: list[str] = []

    async def call(name: str, priority: Priority) -> None:
        await limiter.acquire(priority, ANN)
        went.append(name)

    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(call(f"progress {number}", Priority.PROGRESS))
        await settled()
        group.create_task(call("result", Priority.RESULT))
        await settled()
        assert went == ["progress 0", "progress 1", "result"]
        await timer.advance(1)
        assert went[3:] == []
        await timer.advance(2)
        assert went[3:] == ["progress 2", "progress 3"]


async def test_a_cancelled_call_gives_its_turn_to_the_next(timer: FakeTimer, limiter: Limiter) -> None:
    for _ in range(3):
        await limiter.acquire(Priority.ANSWER, ANN)
    given_up = asyncio.create_task(limiter.acquire(Priority.RESULT, ANN))
    patient = asyncio.create_task(limiter.acquire(Priority.ANSWER, ANN))
    await settled()
    given_up.cancel()
    await timer.advance(1)
    assert given_up.cancelled()
    assert patient.done()


async def test_a_chat_action_is_dropped_rather_than_late(limiter: Limiter) -> None:
    for _ in range(2):
        await limiter.acquire(Priority.CHAT_ACTION, ANN)
    with pytest.raises(Dropped):
        await limiter.acquire(Priority.CHAT_ACTION, ANN)


async def test_a_pause_drops_progress_and_holds_results(timer: FakeTimer, limiter: Limiter) -> None:
    for _ in range(3):
        await limiter.acquire(Priority.ANSWER, ANN)
    progress = asyncio.create_task(limiter.acquire(Priority.PROGRESS, ANN))
    result = asyncio.create_task(limiter.acquire(Priority.RESULT, ANN))
    await settled()
    limiter.pause(ANN, 30)
    await timer.advance(29)
    assert isinstance(progress.exception(), Dropped)
    assert not result.done()
    with pytest.raises(Dropped):
        await limiter.acquire(Priority.PROGRESS, ANN)
    await timer.advance(1)
    assert result.done()


async def test_sleep_ends_when_the_clock_says_so(timer: FakeTimer, limiter: Limiter) -> None:
    sleeper = asyncio.create_task(limiter.sleep(5))
    await timer.advance(4.9)
    assert not sleeper.done()
    await timer.advance(0.2)
    assert sleeper.done()
