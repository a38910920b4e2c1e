"""How fast a bot may write: Telegram's published rates as token buckets.

The rates are those of the Bot API FAQ ("My bot is hitting limits"): about 30 messages a second in all, one a second
in a chat with short bursts allowed, 20 a minute in a group.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from bot.sandbox import errors


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket of `burst` messages that refills at `per_s` messages a second."""

    burst: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Rates:
    """The three rates; None switches one off."""

    everything: Rate | None = Rate(30, 30.0)
    chat: Rate | None = Rate(20, 1.0)
    group: Rate | None = Rate(20, 20 / 60)


NO_RATES = Rates(None, None, None)


@dataclass(slots=True)
class Bucket:
    """The messages that may be sent at once, as of a moment."""

    rate: Rate
    level: float
    at: float

    def refill(self, now: float) -> None:
        """Adds what has come since the last look; a clock that went back adds nothing."""
        self.level = min(float(self.rate.burst), self.level + max(0.0, now - self.at) * self.rate.per_s)
        self.at = now

    def wait_s(self) -> float:
        """Returns the seconds until one message may be sent."""
        return max(0.0, (1.0 - self.level) / self.rate.per_s)


@dataclass(slots=True)
class RateLimits:
    """The buckets of all bots and chats; forgotten at a restart, as harmless as in Telegram."""

    rates: Rates = Rates()
    _buckets: dict[tuple[int, int | None], Bucket] = field(default_factory=dict)

    def take(self, bot_id: int, chat_id: int, now: float) -> None:
        """Counts one message; raises TooManyRequests, and then counts nothing, when a bucket is empty."""
        buckets = [
            self._bucket((bot_id, key), rate, now)
            for key, rate in (
                (None, self.rates.everything),
                (chat_id, self.rates.chat if chat_id > 0 else self.rates.group),
            )
            if rate is not None
        ]
        wait_s = max((bucket.wait_s() for bucket in buckets), default=0.0)
        if wait_s > 0:
            raise errors.TooManyRequests(math.ceil(wait_s))
        for bucket in buckets:
            bucket.level -= 1

    def _bucket(self, key: tuple[int, int | None], rate: Rate, now: float) -> Bucket:
        bucket = self._buckets.setdefault(key, Bucket(rate, float(rate.burst), now))
        bucket.refill(now)
        return bucket
