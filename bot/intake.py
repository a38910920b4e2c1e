"""Updates on their way in: stored before they are acknowledged, handled in order per chat, replayed after a crash.

Telegram forgets an update once it is acknowledged, so `accept` commits the raw updates to the inbox first; only then
may polling ask for the next ones, or the webhook answer 200. Handlers run afterwards, one chat at a time, so that a
chat that must wait for Telegram's limits delays nobody else. A handled update loses its text and keeps its id: a
replay of it is a no-op.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

import structlog
from aiogram import Bot, Dispatcher
from aiogram.types import Update

from bot import crash

log = structlog.get_logger(__name__)

_CLOSE_TIMEOUT_S: Final = 5.0  # handlers take milliseconds; what still waits then is replayed at the next start


class Inbox(Protocol):
    """The durable list of updates (bot.database.inbox)."""

    async def receive(self, updates: Sequence[tuple[int, str]]) -> list[int]: ...

    async def handled(self, update_id: int) -> None: ...

    async def unhandled(self) -> list[tuple[int, str]]: ...


class Intake:
    """Takes updates from polling or a webhook to the dispatcher."""

    def __init__(self, inbox: Inbox, dispatcher: Dispatcher, bot: Bot) -> None:
        self._inbox = inbox
        self._dispatcher = dispatcher
        self._bot = bot
        self._lanes: dict[int, deque[Update]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._closed = False

    async def recover(self) -> None:
        """Handle again what was stored and not finished when the process died."""
        pending = await self._inbox.unhandled()
        if pending:
            log.info("updates_replayed", count=len(pending))
        for _, payload in pending:
            self._schedule(Update.model_validate(json.loads(payload), context={"bot": self._bot}))

    async def accept(self, updates: Sequence[Update]) -> None:
        """Store updates and schedule those that are new. They may be acknowledged once this returns."""
        if not updates:
            return
        fresh = set(await self._inbox.receive([(update.update_id, _to_json(update)) for update in updates]))
        if fresh:
            crash.point(crash.Point.UPDATE_STORED)
        for update in updates:
            if update.update_id in fresh:
                fresh.discard(update.update_id)
                self._schedule(update)

    async def close(self) -> None:
        """Let running handlers finish, for a moment; the rest is replayed at the next start."""
        self._closed = True
        if self._workers:
            _, late = await asyncio.wait(self._workers, timeout=_CLOSE_TIMEOUT_S)
            for worker in late:
                worker.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _schedule(self, update: Update) -> None:
        key = _lane_of(update)
        lane = self._lanes.get(key)
        if lane is not None:
            lane.append(update)
            return
        self._lanes[key] = deque([update])
        worker = asyncio.create_task(self._drain(key), name=f"chat-{key}")
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _drain(self, key: int) -> None:
        lane = self._lanes[key]
        try:
            while lane and not self._closed:
                await self._handle(lane.popleft())
        finally:
            del self._lanes[key]

    async def _handle(self, update: Update) -> None:
        try:
            await self._dispatcher.feed_update(self._bot, update)
        except Exception:
            # An update that fails would fail again: it is logged once and never blocks the chat behind it.
            log.exception("update_failed", update_id=update.update_id, type=update.event_type)
        crash.point(crash.Point.UPDATE_HANDLED)
        marking = asyncio.ensure_future(self._inbox.handled(update.update_id))
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(marking)
        await marking


def _lane_of(update: Update) -> int:
    """The chat in which order matters; updates without a chat share the lane of their user."""
    event = update.event
    for holder in (event, getattr(event, "message", None)):
        chat = getattr(holder, "chat", None)
        if chat is not None:
            return int(chat.id)
    user = getattr(event, "from_user", None)
    return int(user.id) if user is not None else 0


def _to_json(update: Update) -> str:
    return update.model_dump_json(exclude_none=True, by_alias=True)
