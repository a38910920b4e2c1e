"""What admins ask the machine: the line now, the devices, the figures of a day or a week and their chart."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot import zones
from bot.admin import chart
from bot.clock import Clock, utc_now

if TYPE_CHECKING:
    from bot.database.statistics import Figures, Load, Statistics
    from bot.pools import TaskPool
    from bot.texts import Translator
    from engines.pool import PoolState


class Reports:
    """Read-only."""

    def __init__(self, statistics: Statistics, pool: TaskPool, *, clock: Clock = utc_now) -> None:
        self._statistics = statistics
        self._pool = pool
        self._clock = clock

    async def load(self) -> Load:
        """The line at this moment."""
        return await self._statistics.now()

    def engines(self) -> PoolState:
        """The devices at this moment."""
        return self._pool.state()

    async def figures(self, days: int, utc_offset_min: int) -> Figures:
        """The last 24 hours, or the last days, up to the end of the reader's hour or day that has begun."""
        until = span_end(self._clock(), days, utc_offset_min)
        return await self._statistics.over(until - timedelta(days=days), until)

    async def chart(self, t: Translator, figures: Figures, days: int, utc_offset_min: int) -> bytes | None:
        """The figures as PNG, by the reader's clock; None where nothing ended in their time."""
        if not (figures.done or figures.failed or figures.cancelled):
            return None
        return await asyncio.to_thread(chart.png, t, figures, days=days, utc_offset_min=utc_offset_min)


def span_end(now: datetime, days: int, utc_offset_min: int) -> datetime:
    """The end, in UTC, of the hour that has begun on the reader's clock, for a day; of the day, for more."""
    hour = zones.local(now, utc_offset_min).replace(minute=0, second=0, microsecond=0)
    end = hour + timedelta(hours=1) if days == 1 else hour.replace(hour=0) + timedelta(days=1)
    return end.astimezone(UTC)
