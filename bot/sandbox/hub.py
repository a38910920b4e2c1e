"""Who waits for what: long polls wait for updates, browsers wait for events."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

KEPT_EVENTS = 2000
QUEUED_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a browser shows; `data` is its JSON text. What one user alone sees is `only_for` them."""

    id: int
    kind: str
    chat_id: int
    data: str
    only_for: int | None = None


@dataclass(frozen=True, slots=True)
class WebhookFailure:
    """The last time a webhook did not take an update."""

    at: datetime
    message: str


class Hub:
    """Wakes pollers and feeds event streams. Ids of events begin at the start time, so they grow over restarts."""

    def __init__(self) -> None:
        self.closed = False
        self.webhooks_changed = asyncio.Event()
        self.webhook_failures: dict[int, WebhookFailure] = {}
        self._polls: dict[int, object] = {}
        self._next_id = int(time.time() * 1000)
        self._recent: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._listeners: set[asyncio.Queue[Event | None]] = set()
        self._arrivals: dict[int, asyncio.Future[None]] = {}

    def publish(self, kind: str, chat_id: int, data: str, only_for: int | None = None) -> None:
        """Sends an event to every stream; one that does not read is ended, and its browser comes back."""
        event = Event(self._next_id, kind, chat_id, data, only_for)
        self._next_id += 1
        self._recent.append(event)
        for queue in tuple(self._listeners):
            try:
                queue.put_nowait(event)
            except asyncio.QueueFull:
                self._end(queue)

    @contextmanager
    def listen(self, after_id: int | None = None) -> Iterator[asyncio.Queue[Event | None]]:
        """Yields a queue of events, beginning after a known one; None in the queue ends the stream."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue(QUEUED_EVENTS + KEPT_EVENTS)
        if after_id is not None:
            for event in self._recent:
                if event.id > after_id:
                    queue.put_nowait(event)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        """Ends every stream and every long poll."""
        self.closed = True
        for bot_id in tuple(self._polls):
            self.updates_arrived(bot_id)
        for queue in tuple(self._listeners):
            self._end(queue)

    def _end(self, queue: asyncio.Queue[Event | None]) -> None:
        self._listeners.discard(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)

    def begin_poll(self, bot_id: int) -> object:
        """Returns the mark of a new long poll; the one before it wakes and finds that its mark is not current."""
        mark = object()
        self._polls[bot_id] = mark
        self.updates_arrived(bot_id)
        return mark

    def is_current_poll(self, bot_id: int, mark: object) -> bool:
        """Says whether no later poll or webhook has taken over."""
        return self._polls.get(bot_id) is mark

    def updates_arrived(self, bot_id: int) -> None:
        """Wakes everybody who waits for updates of a bot."""
        arrival = self._arrivals.pop(bot_id, None)
        if arrival is not None and not arrival.done():
            arrival.set_result(None)

    def next_arrival(self, bot_id: int) -> asyncio.Future[None]:
        """Returns what is done when updates arrive next. Take it before looking, so that nothing is missed between."""
        return self._arrivals.setdefault(bot_id, asyncio.get_running_loop().create_future())


def to_json(**fields: JsonValue) -> str:
    """Returns the JSON text of an event without a message."""
    return json.dumps(fields, ensure_ascii=False)
