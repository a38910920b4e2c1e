"""Times, dates and cuts that all texts share."""

from __future__ import annotations

import math
from datetime import datetime

from bot import zones
from bot.texts import Html, Translator


def duration(t: Translator, seconds: float) -> str:
    """A time to wait, rounded as people say it: up, and the coarser the longer."""
    if seconds < 5:
        return t("duration-moment")
    if seconds <= 90:
        return t("duration-seconds", seconds=5 * math.ceil(seconds / 5))
    minutes = math.ceil(seconds / 60)
    if minutes < 60:
        return t("duration-minutes", minutes=minutes)
    hours, minutes = divmod(5 * math.ceil(minutes / 5), 60)
    return t("duration-hours-minutes", hours=hours, minutes=minutes) if minutes else t("duration-hours", hours=hours)


def took(t: Translator, seconds: float) -> Html:
    """A time that has passed, to the second where that says something."""
    return Html(t("duration-seconds", seconds=max(1, round(seconds))) if seconds < 60 else duration(t, seconds))


def date(t: Translator, moment: datetime, utc_offset_min: int) -> str:
    """A day such as "14 March" on the user's calendar."""
    local = zones.local(moment, utc_offset_min)
    return t.plain("date", day=local.day, month=local.month)


def clock_time(moment: datetime, utc_offset_min: int) -> str:
    """A time of day such as "00:00" on the user's wall."""
    return f"{zones.local(moment, utc_offset_min):%H:%M}"


def utc_offset(utc_offset_min: int) -> str:
    """A time zone such as "UTC", "UTC+3" or "UTC+5:30"."""
    if utc_offset_min == 0:
        return "UTC"
    hours, minutes = divmod(abs(utc_offset_min), 60)
    return f"UTC{'+' if utc_offset_min > 0 else '-'}{hours}{f':{minutes:02}' if minutes else ''}"


def shortened(text: str, limit: int) -> str:
    """`text` in at most `limit` UTF-16 units, cut at the end of a word where there is one, with an ellipsis."""
    if utf16(text) <= limit:
        return text
    kept, used = "", 1  # the ellipsis
    for character in text:
        used += utf16(character)
        if used > limit:
            break
        kept += character
    head, space, _ = kept.rpartition(" ")
    return f"{(head if space and len(head) > len(kept) // 2 else kept).rstrip()}…"


def one_line(text: str, limit: int) -> str:
    """The beginning of a text, without line breaks."""
    return " ".join(shortened(text, limit).split())


def utf16(text: str) -> int:
    """Telegram's length of a text."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
