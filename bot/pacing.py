"""When an outgoing call may go: token buckets for everything, for a private chat and for a group, by priority.

Pure: no clock and no asyncio; the caller says what time it is.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

Chat = int | str  # an id, or a public name such as "@gallery"

ROUNDING_S: Final = 1e-9
RESERVE: Final = 1  # token of a chat that progress and broadcasts leave, so that an answer to a button goes at once
BUCKETS_LIMIT: Final = 10_000  # full buckets are forgotten beyond this


class Priority(IntEnum):
    """What goes first when not everything may go."""

    RESULT = 0
    ANSWER = 1
    PROGRESS = 2
    CHAT_ACTION = 3
    BROADCAST = 4

    @property
    def droppable(self) -> bool:
        """A newer call makes this one pointless: it is dropped rather than held back for long."""
        return self in (Priority.PROGRESS, Priority.CHAT_ACTION)

    @property
    def yields(self) -> bool:
        """Nobody waits for this call: it leaves a chat's reserve to answers."""
        return self >= Priority.PROGRESS


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` calls at once and `per_s` a second after that: at most `burst + per_s * t` calls in any `t` seconds."""

    burst: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Telegram's limits (Bot FAQ), split so that burst and refill together never exceed them."""

    everything: Rate = Rate(burst=5, per_s=25)  # 30 in any second
    private_chat: Rate = Rate(burst=3, per_s=1)  # 1 a second; short bursts are tolerated
    group: Rate = Rate(burst=5, per_s=15 / 60)  # 20 in any minute


@dataclass(slots=True)
class Bucket:
    """Tokens that come back with time. A call dearer than the burst waits for a full bucket and leaves a debt."""

    rate: Rate
    tokens: float
    updated_s: float

    def wait_s(self, cost: int, now_s: float) -> float:
        """Seconds until a call of this cost may go."""
        self.tokens = min(self.rate.burst, self.tokens + (now_s - self.updated_s) * self.rate.per_s)
        self.updated_s = now_s
        return max(0.0, (min(cost, self.rate.burst) - self.tokens) / self.rate.per_s)

    def take(self, cost: int) -> None:
        """Pay for a call that goes now."""
        self.tokens -= cost


@dataclass(frozen=True, slots=True, order=True)
class Ticket:
    """A call that waits: smaller goes first."""

    priority: Priority
    number: int
    chat: Chat | None = field(compare=False)
    cost: int = field(compare=False)


class Scheduler:
    """Which waiting call may go. `next` looks at every chat that waits: a thousand of them cost about a millisecond."""

    def __init__(self, limits: Limits, now_s: float) -> None:
        self._limits = limits
        self._everything = Bucket(limits.everything, limits.everything.burst, now_s)
        self._chats: dict[Chat, Bucket] = {}
        self._paused_until_s: dict[Chat | None, float] = {}
        self._waiting: dict[Chat | None, list[Ticket]] = {}
        self._withdrawn: set[Ticket] = set()
        self._number = 0

    def add(self, priority: Priority, chat: Chat | None, cost: int = 1) -> Ticket:
        """Let a call wait."""
        self._number += 1
        ticket = Ticket(priority, self._number, chat, cost)
        heapq.heappush(self._waiting.setdefault(chat, []), ticket)
        return ticket

    def withdraw(self, ticket: Ticket) -> None:
        """Forget a call that waits."""
        self._withdrawn.add(ticket)

    def pause(self, chat: Chat | None, until_s: float) -> list[Ticket]:
        """Let nothing go to a chat (None: to any) before `until_s`; the droppable calls are withdrawn and returned."""
        self._paused_until_s[chat] = max(until_s, self._paused_until_s.get(chat, 0.0))
        lanes = list(self._waiting.values()) if chat is None else [self._waiting.get(chat, [])]
        dropped = [ticket for lane in lanes for ticket in lane if ticket.priority.droppable]
        self._withdrawn.update(dropped)
        return dropped

    def pause_s(self, chat: Chat | None, now_s: float) -> float:
        """Seconds for which a chat is paused, by a pause of its own or of everything."""
        until_s = max(self._paused_until_s.get(chat, 0.0), self._paused_until_s.get(None, 0.0))
        return max(0.0, until_s - now_s)

    def next(self, now_s: float) -> Ticket | float | None:
        """The call that may go now (it is paid for); else seconds until one may; None when none waits."""
        best: Ticket | None = None
        soonest_s: float | None = None
        for chat in list(self._waiting):
            head = self._head(chat)
            if head is None:
                continue
            wait_s = max(self.pause_s(chat, now_s), self._bucket_wait_s(head, now_s))
            if wait_s > ROUNDING_S:
                soonest_s = wait_s if soonest_s is None else min(soonest_s, wait_s)
            elif best is None or head < best:
                best = head
        if best is None:
            return soonest_s
        if (wait_s := self._everything.wait_s(best.cost, now_s)) > ROUNDING_S:
            return wait_s
        self._everything.take(best.cost)
        if best.chat is not None:
            self._chats[best.chat].take(best.cost)
        heapq.heappop(self._waiting[best.chat])
        return best

    def _head(self, chat: Chat | None) -> Ticket | None:
        lane = self._waiting[chat]
        while lane and lane[0] in self._withdrawn:
            self._withdrawn.discard(heapq.heappop(lane))
        if lane:
            return lane[0]
        del self._waiting[chat]
        return None

    def _bucket_wait_s(self, ticket: Ticket, now_s: float) -> float:
        chat = ticket.chat
        if chat is None:
            return 0.0
        if chat not in self._chats:
            self._forget_idle(now_s)
            is_group = isinstance(chat, str) or chat < 0
            rate = self._limits.group if is_group else self._limits.private_chat
            self._chats[chat] = Bucket(rate, rate.burst, now_s)
        reserve = RESERVE if ticket.priority.yields else 0
        return self._chats[chat].wait_s(ticket.cost + reserve, now_s)

    def _forget_idle(self, now_s: float) -> None:
        if len(self._chats) < BUCKETS_LIMIT:
            return
        full = [chat for chat, bucket in self._chats.items() if bucket.wait_s(bucket.rate.burst, now_s) <= 0]
        for chat in full:
            if chat not in self._waiting:
                del self._chats[chat]
        for paused, until_s in list(self._paused_until_s.items()):
            if until_s <= now_s:
                del self._paused_until_s[paused]
