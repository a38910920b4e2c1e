from __future__ import annotations

import asyncio

import pytest
from aiogram import Bot, types
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox import errors
from bot.sandbox.client import SandboxClient, SandboxRefused
from bot.sandbox.limits import Rate, RateLimits, Rates
from bot.sandbox.server import RunningSandbox


@pytest.mark.parametrize(
    ("kind", "raised", "status"),
    [
        ("400", TelegramBadRequest, 400),
        ("429", TelegramRetryAfter, 429),
        ("500", TelegramServerError, 500),
        ("502", TelegramServerError, 502),
        ("reset", TelegramNetworkError, 0),
    ],
)
async def test_a_fault_strikes_as_often_as_it_says_and_is_recorded(
    bot: Bot, people: SandboxClient, ann: types.User, kind: str, raised: type[Exception], status: int
) -> None:
    await people.fault(kind, method="sendMessage", times=1, retry_after=3)
    with pytest.raises(raised) as caught:
        await bot.send_message(ann.id, "first")
    if isinstance(caught.value, TelegramRetryAfter):
        assert caught.value.retry_after == 3
    await bot.send_message(ann.id, "second")
    assert [message.text for message in await people.messages(ann)] == ["second"]
    assert [call.status for call in await people.calls("sendmessage")] == [status, 200]


async def test_a_fault_of_one_method_leaves_the_others_alone(bot: Bot, people: SandboxClient) -> None:
    await people.fault("500", method="sendPhoto")
    assert (await bot.get_me()).is_bot


async def test_a_fault_of_all_methods_holds_until_it_is_cleared(bot: Bot, people: SandboxClient) -> None:
    await people.fault("502")
    for _ in range(3):
        with pytest.raises(TelegramServerError):
            await bot.get_me()
    await people.clear_faults()
    await bot.get_me()


async def test_a_delay_postpones_the_call_and_then_it_happens(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    await people.fault("delay", method="sendMessage", delay_s=0.2, times=1)
    loop = asyncio.get_running_loop()
    before = loop.time()
    await bot.send_message(ann.id, "late")
    assert loop.time() - before >= 0.2
    assert [message.text for message in await people.messages(ann)] == ["late"]


async def test_after_a_late_reset_the_message_is_there_although_the_bot_heard_nothing(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    await people.fault("reset", method="sendMessage", times=1, after=True)
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(ann.id, "once")
    assert [message.text for message in await people.messages(ann)] == ["once"]


async def test_a_fault_with_probability_zero_never_strikes(bot: Bot, people: SandboxClient) -> None:
    await people.fault("500", probability=0)
    await bot.get_me()


async def test_an_unknown_fault_is_refused(people: SandboxClient) -> None:
    with pytest.raises(SandboxRefused, match="kind"):
        await people.fault("418")
    with pytest.raises(SandboxRefused, match="tmies"):
        await people.fault("500", tmies=2)


async def test_calls_after_a_moment_are_those_that_came_later(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    await bot.get_me()
    [seen] = await people.calls()
    assert await people.calls(after=seen.at) == []
    await bot.send_message(ann.id, "new")
    assert [call.method for call in await people.calls(after=seen.at)] == ["sendMessage"]


async def test_a_failure_of_the_sandbox_itself_is_a_server_error(
    sandbox: RunningSandbox, bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    sandbox.world.files.incoming.rmdir()
    with pytest.raises(TelegramServerError):
        await bot.send_photo(ann.id, types.BufferedInputFile(b"x", "x.png"))


@given(st.lists(st.floats(min_value=0, max_value=5), max_size=80), st.integers(min_value=1, max_value=10))
def test_no_schedule_of_calls_gets_more_than_burst_and_rate(pauses: list[float], burst: int) -> None:
    limits = RateLimits(Rates(everything=None, chat=Rate(burst, 1.0), group=None))
    now, taken, waits = 0.0, [], []
    for pause in pauses:
        now += pause
        try:
            limits.take(1, 5, now)
            taken.append(now)
        except errors.TooManyRequests as refused:
            waits.append(refused.retry_after_s)
    assert all(wait_s >= 1 for wait_s in waits)
    for first, start in enumerate(taken):
        for count, end in enumerate(taken[first:], start=1):
            assert count <= burst + (end - start) + 1e-6


def test_whoever_waits_as_told_is_served() -> None:
    limits = RateLimits(Rates())
    now = 0.0
    for _ in range(60):
        try:
            limits.take(1, -5, now)
        except errors.TooManyRequests as refused:
            now += refused.retry_after_s
            limits.take(1, -5, now)
    assert 110 <= now <= 130  # 20 at once, then 20 a minute
