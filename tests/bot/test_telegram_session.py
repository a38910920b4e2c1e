from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.session.middlewares.base import NextRequestMiddlewareType
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageText,
    GetUpdates,
    SendChatAction,
    SendMediaGroup,
    SendMessage,
    TelegramMethod,
)
from aiogram.types import InputMediaPhoto

from bot.limiter import Limiter, Timer
from bot.telegram_session import RETRIES, Dropped, OutgoingCalls, Priority, priority
from tests.bot.fake_timer import FakeTimer

ANN, BOB = 1001, 1002
SEND = SendMessage(chat_id=ANN, text="hello")
EDIT = EditMessageText(chat_id=ANN, message_id=1, text="hello")
ANSWER = AnswerCallbackQuery(callback_query_id="1")

Failure = Callable[[TelegramMethod[Any]], Exception]


def network_error(cause: Exception) -> Failure:
    def build(method: TelegramMethod[Any]) -> Exception:
        error = TelegramNetworkError(method, type(cause).__name__)
        error.__cause__ = cause
        return error

    return build


REFUSED = network_error(aiohttp.ClientConnectorError(cast(Any, None), ConnectionRefusedError()))
RESET = network_error(aiohttp.ClientOSError(104, "reset by peer"))


def http_500(method: TelegramMethod[Any]) -> Exception:
    return TelegramServerError(method, "Internal Server Error")


def http_502(method: TelegramMethod[Any]) -> Exception:
    return TelegramServerError(method, "Bad Gateway")


def a_page_of_html(method: TelegramMethod[Any]) -> Exception:
    return ClientDecodeError("Failed to decode object", ValueError("no JSON"), "<html>")


def too_large(method: TelegramMethod[Any]) -> Exception:
    return TelegramEntityTooLarge(method, "Request Entity Too Large")


def not_modified(method: TelegramMethod[Any]) -> Exception:
    return TelegramBadRequest(method, "Bad Request: message is not modified: specified new message content...")


def wait(seconds: int) -> Failure:
    return lambda method: TelegramRetryAfter(method, "Too Many Requests", seconds)


class Telegram:
    """A server that fails as told, then answers; it notes when it was called."""

    def __init__(self, timer: FakeTimer) -> None:
        self._timer = timer
        self._calls = OutgoingCalls(Limiter(cast(Timer, timer)), jitter=lambda: 1.0)
        self.failures: list[Failure] = []
        self.called_s: list[float] = []

    async def _request(self, bot: Bot, method: TelegramMethod[Any]) -> Any:
        self.called_s.append(self._timer.now_s - 1000)
        if self.failures:
            raise self.failures.pop(0)(method)
        return "answer"

    async def call(self, method: TelegramMethod[Any], level: Priority = Priority.ANSWER) -> Any:
        with priority(level):
            request = cast(NextRequestMiddlewareType[Any], self._request)
            return await self._calls(request, cast(Bot, None), method)


@pytest.fixture
def timer() -> FakeTimer:
    return FakeTimer()


@pytest.fixture
def telegram(timer: FakeTimer) -> Telegram:
    return Telegram(timer)


async def test_a_call_passes_through(telegram: Telegram) -> None:
    assert await telegram.call(SEND) == "answer"


async def test_a_429_makes_the_chat_wait_as_long_as_telegram_says(timer: FakeTimer, telegram: Telegram) -> None:
    telegram.failures = [wait(7)]
    held = asyncio.create_task(telegram.call(SEND))
    await timer.advance(6)
    assert telegram.called_s == [0]
    other = asyncio.create_task(telegram.call(SendMessage(chat_id=BOB, text="hello")))
    await timer.advance(2)
    assert await held == await other == "answer"
    assert telegram.called_s == [0, 6, 7]


async def test_a_429_without_a_chat_makes_everything_wait(timer: FakeTimer, telegram: Telegram) -> None:
    telegram.failures = [wait(7)]
    toast = asyncio.create_task(telegram.call(ANSWER))
    await timer.advance(1)
    message = asyncio.create_task(telegram.call(SEND))
    await timer.advance(5)
    assert telegram.called_s == [0]
    await timer.advance(2)
    assert toast.done()
    assert message.done()


@pytest.mark.parametrize("failure", [wait(7), http_500, REFUSED, RESET])
async def test_progress_that_fails_is_dropped(telegram: Telegram, failure: Failure) -> None:
    telegram.failures = [failure]
    with pytest.raises(Dropped):
        await telegram.call(EDIT, Priority.PROGRESS)
    assert len(telegram.called_s) == 1


async def test_a_chat_action_is_dropped_whatever_priority_is_set(telegram: Telegram) -> None:
    telegram.failures = [RESET]
    with pytest.raises(Dropped):
        await telegram.call(SendChatAction(chat_id=ANN, action="typing"), Priority.RESULT)


@pytest.mark.parametrize("method", [EDIT, ANSWER], ids=["edit", "answer"])
@pytest.mark.parametrize("failure", [http_500, http_502, REFUSED, RESET, a_page_of_html])
async def test_a_call_that_may_be_repeated_goes_again_after_any_failure(
    timer: FakeTimer, telegram: Telegram, method: TelegramMethod[Any], failure: Failure
) -> None:
    telegram.failures = [failure, failure]
    call = asyncio.create_task(telegram.call(method))
    await timer.advance(2)
    assert await call == "answer"
    assert telegram.called_s == [0, 0.5, 1.5]


@pytest.mark.parametrize("failure", [http_500, REFUSED])
async def test_a_message_goes_again_when_telegram_surely_did_not_send_it(
    timer: FakeTimer, telegram: Telegram, failure: Failure
) -> None:
    telegram.failures = [failure]
    call = asyncio.create_task(telegram.call(SEND))
    await timer.advance(1)
    assert await call == "answer"


@pytest.mark.parametrize("failure", [http_502, RESET, a_page_of_html, too_large])
async def test_a_message_that_may_have_been_sent_is_not_sent_twice(telegram: Telegram, failure: Failure) -> None:
    telegram.failures = [failure]
    with pytest.raises(type(failure(SEND))):
        await telegram.call(SEND, Priority.RESULT)
    assert len(telegram.called_s) == 1


async def test_repeats_are_bounded_and_slow_down(timer: FakeTimer, telegram: Telegram) -> None:
    telegram.failures = [http_500] * 100
    call = asyncio.create_task(telegram.call(EDIT))
    await timer.advance(100)
    assert isinstance(call.exception(), TelegramServerError)
    assert telegram.called_s == [0, 0.5, 1.5, 3.5, 7.5, 15.5]
    assert len(telegram.called_s) == 1 + RETRIES


async def test_an_edit_to_what_is_shown_already_is_a_success(telegram: Telegram) -> None:
    telegram.failures = [not_modified]
    assert await telegram.call(EDIT) is True


async def test_any_other_bad_request_is_the_callers_business(telegram: Telegram) -> None:
    telegram.failures = [lambda method: TelegramBadRequest(method, "Bad Request: chat not found")]
    with pytest.raises(TelegramBadRequest):
        await telegram.call(EDIT)


async def test_polling_is_left_to_its_own_loop(telegram: Telegram) -> None:
    telegram.failures = [http_502]
    with pytest.raises(TelegramServerError):
        await telegram.call(GetUpdates())


async def test_answers_to_buttons_do_not_wait_for_anything(telegram: Telegram) -> None:
    for _ in range(50):
        await telegram.call(ANSWER)
    assert set(telegram.called_s) == {0}


async def test_an_album_counts_as_its_pictures(timer: FakeTimer, telegram: Telegram) -> None:
    album = SendMediaGroup(chat_id=ANN, media=[InputMediaPhoto(media="file") for _ in range(4)])
    await telegram.call(album)
    message = asyncio.create_task(telegram.call(SEND))
    await timer.advance(1.9)
    assert not message.done()
    await timer.advance(0.2)
    assert message.done()


async def test_a_waiting_result_overtakes_waiting_progress(timer: FakeTimer, telegram: Telegram) -> None:
    for _ in range(3):
        await telegram.call(EDIT)
    progress = asyncio.create_task(telegram.call(EDIT, Priority.PROGRESS))
    await timer.advance(0.5)
    result = asyncio.create_task(telegram.call(EDIT, Priority.RESULT))
    await timer.advance(0.6)
    assert result.done()
    assert not progress.done()
    await timer.advance(2)
    assert progress.done()
