"""The session through which every call to Telegram goes: paced, prioritised, retried where that is safe.

A call that is answered with 429 waits as long as Telegram says and goes again. A call that failed on the way goes
again only if a repeat does no harm (an edit, an answer, a deletion), or if Telegram surely did not execute it. Old
progress and chat actions are never retried: they raise Dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, cast

import aiohttp
import structlog
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    RestartingTelegram,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import Response, SendMediaGroup, TelegramMethod
from aiogram.methods.base import TelegramType

from bot.limiter import Dropped, Limiter
from bot.manners import Manners
from bot.moved_chats import MovedChats
from bot.pacing import Chat, Priority
from bot.whispering import Whispering

__all__ = ["Dropped", "OutgoingCalls", "Priority", "priority", "session"]

log = structlog.get_logger(__name__)

POLLING: Final = "getUpdates"  # has a loop and a backoff of its own
UNLIMITED: Final = {"answerCallbackQuery", "getFile", "getMe"}
REPEATABLE: Final = ("answer", "delete", "edit", "get", "pin", "set", "stop", "unpin")
CHAT_ACTION: Final = "sendChatAction"

RETRIES: Final = 5
PAUSES: Final = 20  # times that one call obeys a 429 before it gives up
FIRST_DELAY_S: Final = 0.5
LONGEST_DELAY_S: Final = 15.0

_current: ContextVar[Priority] = ContextVar("priority", default=Priority.ANSWER)


@contextlib.contextmanager
def priority(level: Priority) -> Iterator[None]:
    """Give the calls made inside this priority."""
    token = _current.set(level)
    try:
        yield
    finally:
        _current.reset(token)


def session(api_server: str | None = None) -> AiohttpSession:
    """A session to Telegram or to another Bot API server, with all limits in place; to be called in the event loop."""
    server = PRODUCTION if api_server is None else TelegramAPIServer.from_base(api_server)
    opened = AiohttpSession(api=server)
    opened.middleware(Whispering())
    opened.middleware(MovedChats())
    opened.middleware(Manners())
    opened.middleware(OutgoingCalls(Limiter(asyncio.get_running_loop())))
    return opened


class OutgoingCalls(BaseRequestMiddleware):
    """Paces and retries calls."""

    def __init__(self, limiter: Limiter, jitter: Callable[[], float] = random.random) -> None:
        self._limiter = limiter
        self._jitter = jitter

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        name = method.__api_method__
        if name == POLLING:
            return await make_request(bot, method)
        level = Priority.CHAT_ACTION if name == CHAT_ACTION else _current.get()
        chat: Chat | None = getattr(method, "chat_id", None)
        tries = _Tries()
        while True:
            if name not in UNLIMITED:
                await self._limiter.acquire(level, chat, _cost(method))
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as error:
                self._limiter.pause(chat, error.retry_after)
                if level.droppable:
                    raise Dropped(name) from error
                await self._obey(error, name, tries)
            except (TelegramServerError, TelegramNetworkError, ClientDecodeError) as error:
                if level.droppable:
                    raise Dropped(name) from error
                await self._back_off(error, name, tries)
            except TelegramBadRequest as error:
                if not _changes_nothing(name, error):
                    raise
                return cast("Response[TelegramType]", True)

    async def _obey(self, error: TelegramRetryAfter, name: str, tries: _Tries) -> None:
        """Return when the call may go again after a 429; raise the error when that went on for too long."""
        tries.pauses += 1
        log.warning("telegram_asks_to_wait", method=name, retry_after_s=error.retry_after, times=tries.pauses)
        if tries.pauses >= PAUSES:
            raise error
        if name in UNLIMITED:  # the others wait in the limiter, where the pause was noted
            await self._limiter.sleep(error.retry_after)

    async def _back_off(self, error: Exception, name: str, tries: _Tries) -> None:
        """Return when the call may go again after a failure; raise the error when a repeat could do harm."""
        if tries.failures >= RETRIES or not _may_go_again(name, error):
            raise error
        log.info("telegram_call_repeated", method=name, error=type(error).__name__, times=tries.failures + 1)
        await self._limiter.sleep(_delay_s(tries.failures, self._jitter()))
        tries.failures += 1


@dataclass(slots=True)
class _Tries:
    """How often one call was turned away."""

    failures: int = 0
    pauses: int = 0


def _changes_nothing(name: str, error: TelegramBadRequest) -> bool:
    """An edit to what the message shows already is done, not failed."""
    return name.startswith("edit") and "message is not modified" in error.message.lower()


def _cost(method: TelegramMethod[TelegramType]) -> int:
    """An album counts as many messages as it has items."""
    return len(method.media) if isinstance(method, SendMediaGroup) else 1


def _may_go_again(name: str, error: Exception) -> bool:
    if isinstance(error, TelegramEntityTooLarge):
        return False
    return name.startswith(REPEATABLE) or _surely_not_executed(error)


def _surely_not_executed(error: Exception) -> bool:
    """Telegram refused the call or never received it; a reset or a gateway's 502 leaves that open."""
    if isinstance(error, TelegramServerError):
        return isinstance(error, RestartingTelegram) or "internal server error" in error.message.lower()
    return isinstance(error.__cause__, aiohttp.ClientConnectorError)


def _delay_s(failures: int, jitter: float) -> float:
    """Doubling delays, each between half and all of its length, so that many callers do not return together."""
    return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0**failures) * (0.5 + jitter / 2)
