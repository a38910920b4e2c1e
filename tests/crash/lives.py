"""Processes of the bot that a test starts, watches and kills.

They are forked from a server that has imported the libraries once and nothing of the bot: a start takes a fraction of
a second instead of the seconds that importing aiogram takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from typing import Final

from tests.crash.worker import Orders, serve

PATIENCE_S: Final = 150.0  # a bound for a machine that is busy with other things, not an expectation

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    [
        "aiogram",
        "aiogram.client.session.aiohttp",
        "alembic.command",
        "fluent.runtime",
        "pytest",
        "sqlalchemy.ext.asyncio",
    ]
)


class Life:
    """One process of the bot, from its start to its end."""

    def __init__(self, orders: Orders) -> None:
        self._ready = _processes.Event()
        self._process = _processes.Process(target=serve, args=(orders, self._ready))
        self._process.start()

    async def polls(self) -> None:
        """Return when the bot polls."""
        assert await asyncio.to_thread(self._ready.wait, PATIENCE_S), "the bot did not start to poll"

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this process."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    async def ended(self) -> int:
        """Return the exit status of the process, negative for a signal, when it has ended."""
        await asyncio.to_thread(self._process.join, PATIENCE_S)
        assert self._process.exitcode is not None, "the bot did not end"
        return self._process.exitcode

    async def killed(self) -> None:
        """End the process by SIGKILL."""
        self.send(signal.SIGKILL)
        assert await self.ended() == -signal.SIGKILL

    def clear_away(self) -> None:
        """Leave nothing of the process behind, whatever the test has done."""
        self._process.kill()
        self._process.join()
        self._process.close()


@contextlib.asynccontextmanager
async def life(orders: Orders) -> AsyncIterator[Life]:
    """A process of the bot for the time of a block."""
    one = await asyncio.to_thread(Life, orders)
    try:
        yield one
    finally:
        await asyncio.to_thread(one.clear_away)


async def dies_by_itself(orders: Orders) -> None:
    """Let a bot live until it reaches the point at which it kills itself."""
    async with life(orders) as one:
        assert await one.ended() == -signal.SIGKILL
