"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable


class Handle:
    """What call_later returns."""

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeTimer:
    """The clock of an event loop, moved by `advance`."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self._calls: list[tuple[float, int, Callable[[], object], Handle]] = []
        self._numbers = itertools.count()

    def time(self) -> float:
        return self.now_s

    def call_later(self, delay: float, callback: Callable[[], object], /) -> Handle:
        handle = Handle()
        heapq.heappush(self._calls, (self.now_s + delay, next(self._numbers), callback, handle))
        return handle

    async def advance(self, seconds: float) -> None:
        """Move the clock, making every call that becomes due on the way, and let tasks run after each."""
        end_s = self.now_s + seconds
        await settled()
        while self._calls and self._calls[0][0] <= end_s:
            due_s, _, callback, handle = heapq.heappop(self._calls)
            self.now_s = max(self.now_s, due_s)
            if not handle.cancelled:
                callback()
                await settled()
        self.now_s = end_s


async def settled() -> None:
    """Let every ready task run."""
    for _ in range(20):
        await asyncio.sleep(0)
