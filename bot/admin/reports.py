"""What admins ask the machine: the line now, the devices, the figures of a day or a week and their chart."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

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

    async def figures(self, days: int) -> Figures:
        """The last 24 whole hours, or the last days, up to the end of the hour or day that has begun (UTC)."""
        until = span_end(self._clock(), days)
        return await self._statistics.over(until - timedelta(days=days), until)

    async def chart(self, t: Translator, figures: Figures, days: int) -> bytes | None:
        """The figures as PNG; None where nothing ended in their time."""
        if not (figures.done or figures.failed or figures.cancelled):
            return None
        return await asyncio.to_thread(chart.png, t, figures, days=days)


def span_end(now: datetime, days: int) -> datetime:
    """The end of the hour that has begun, for a day; of the day that has begun, for more."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return hour + timedelta(hours=1) if days == 1 else hour.replace(hour=0) + timedelta(days=1)
