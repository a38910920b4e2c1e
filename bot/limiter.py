"""Lets outgoing calls go at the pace that Telegram accepts: the asyncio shell around bot.pacing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from bot.pacing import Chat, Limits, Priority, Scheduler, Ticket


class Dropped(Exception):
    """A call that had lost its point (old progress, a chat action) was not made."""

    code = "dropped"


class Timer(Protocol):
    """The clock of an event loop."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[[], object], /) -> asyncio.TimerHandle: ...


class Limiter:
    """Lets outgoing calls go at the pace that Telegram accepts, the important ones first."""

    def __init__(self, timer: Timer, limits: Limits | None = None) -> None:
        self._timer = timer
        self._scheduler = Scheduler(limits or Limits(), timer.time())
        self._waiters: dict[Ticket, asyncio.Future[None]] = {}
        self._alarm: asyncio.TimerHandle | None = None

    async def acquire(self, priority: Priority, chat: Chat | None, cost: int = 1) -> None:
        """Return when the call may go. Raises Dropped for a droppable call to a paused chat, or a late chat action."""
        if priority.droppable and self._scheduler.pause_s(chat, self._timer.time()) > 0:
            raise Dropped("the chat is paused")
        ticket = self._scheduler.add(priority, chat, cost)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[ticket] = waiter
        self._pump()
        if priority is Priority.CHAT_ACTION and not waiter.done():
            self._drop([ticket])
        try:
            await waiter
        finally:
            if self._waiters.pop(ticket, None) is not None:  # cancelled while it waited
                self._scheduler.withdraw(ticket)

    def pause(self, chat: Chat | None, pause_s: float) -> None:
        """Let nothing go to a chat (None: to any) for a time that Telegram asked for."""
        self._drop(self._scheduler.pause(chat, self._timer.time() + pause_s))
        self._pump()

    async def sleep(self, delay_s: float) -> None:
        """Wait by the limiter's own clock."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        handle = self._timer.call_later(delay_s, lambda: done.set_result(None) if not done.done() else None)
        try:
            await done
        finally:
            handle.cancel()

    def _drop(self, tickets: list[Ticket]) -> None:
        for ticket in tickets:
            self._scheduler.withdraw(ticket)
            waiter = self._waiters.pop(ticket, None)
            if waiter is not None and not waiter.done():
                waiter.set_exception(Dropped("newer calls make this one pointless"))

    def _pump(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        while isinstance(outcome := self._scheduler.next(self._timer.time()), Ticket):
            waiter = self._waiters.pop(outcome, None)
            if waiter is not None and not waiter.done():
                waiter.set_result(None)
        if outcome is not None:
            self._alarm = self._timer.call_later(outcome, self._pump)
