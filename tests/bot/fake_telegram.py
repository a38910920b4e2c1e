"""Telegram as a test needs it: answers at once, remembers every call, fails or hesitates when told to."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from typing import Any, Final

from aiogram import Bot, methods
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import TelegramAPIError
from aiogram.methods import TelegramMethod
from aiogram.types import Chat, Message

PATIENCE_S: Final = 60.0  # a bound for a busy machine, not an expectation

Failure = Callable[[TelegramMethod[Any]], TelegramAPIError]


class FakeTelegram(BaseSession):
    """A session of aiogram that never leaves the process."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[TelegramMethod[Any]] = []
        self.answers = asyncio.Event()  # cleared: calls are received and not answered
        self.answers.set()
        self._failures: defaultdict[type[TelegramMethod[Any]], deque[Failure]] = defaultdict(deque)
        self._ids = itertools.count(100)

    def fail(self, method: type[TelegramMethod[Any]], failure: Failure, times: int = 1) -> None:
        """Let the next calls of a method fail."""
        self._failures[method].extend([failure] * times)

    def of(self, *kinds: type[TelegramMethod[Any]]) -> list[Any]:
        """The calls of some methods, in order."""
        return [call for call in self.calls if isinstance(call, kinds)]

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:
        self.calls.append(method)
        await self.answers.wait()
        if failures := self._failures[type(method)]:
            raise failures.popleft()(method)
        if isinstance(method, methods.SendMessage):
            return self._message(int(method.chat_id))
        if isinstance(method, methods.SendMediaGroup):
            return [self._message(int(method.chat_id)) for _ in method.media]
        return True

    def _message(self, chat_id: int) -> Message:
        return Message(
            message_id=next(self._ids), date=datetime(2026, 3, 1, tzinfo=UTC), chat=Chat(id=chat_id, type="private")
        )

    async def close(self) -> None:
        """Nothing is open."""

    async def stream_content(self, *_: object, **__: object) -> AsyncGenerator[bytes, None]:
        yield b""


async def until(condition: Callable[[], object]) -> None:
    """Return when a condition holds that has no event of its own."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
