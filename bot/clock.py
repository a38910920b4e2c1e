"""The clock that rooms are given: the current moment, aware, in UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The machine's current moment in UTC."""
    return datetime.now(UTC)
