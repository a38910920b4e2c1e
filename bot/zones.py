"""Time zones as people meet them: minutes from UTC to the clock on their wall.

An offset and no city: it needs no tables, a user's day has always 24 hours, and summer time is one press.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

WHOLE_HOURS_MIN: Final = tuple(range(-12 * 60, 14 * 60 + 1, 60))
# What else is in use, summer times included (IANA time zone database, 2025).
BETWEEN_HOURS_MIN: Final = (-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825)
OFFSETS_MIN: Final = frozenset(WHOLE_HOURS_MIN + BETWEEN_HOURS_MIN)


def local(moment: datetime, utc_offset_min: int) -> datetime:
    """A moment on the clock and calendar of somebody `utc_offset_min` minutes from UTC."""
    return moment.astimezone(timezone(timedelta(minutes=utc_offset_min)))
