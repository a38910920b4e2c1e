"""What the bot says, put together from the texts: pure functions from facts to messages."""

from __future__ import annotations

from bot.wording.basics import clock_time, date, duration, shortened, utc_offset
from bot.wording.jobs import (
    CAPTION_LIMIT,
    LINE_PROMPT_LIMIT,
    LIST_LIMIT,
    QueueLine,
    caption,
    failure,
    out_of_credits,
    progress,
    queue,
    queued,
)
from bot.wording.menus import (
    EXAMPLES,
    ask_negative,
    ask_seed,
    example_label,
    example_prompt,
    help_text,
    model_name,
    quota,
    settings,
    settings_closed,
    start,
    style_name,
)
from bot.wording.pictures import HISTORY_PAGE, HistoryLine, card, details, history

__all__ = [
    "CAPTION_LIMIT",
    "EXAMPLES",
    "HISTORY_PAGE",
    "LINE_PROMPT_LIMIT",
    "LIST_LIMIT",
    "HistoryLine",
    "QueueLine",
    "ask_negative",
    "ask_seed",
    "caption",
    "card",
    "clock_time",
    "date",
    "details",
    "duration",
    "example_label",
    "example_prompt",
    "failure",
    "help_text",
    "history",
    "model_name",
    "out_of_credits",
    "progress",
    "queue",
    "queued",
    "quota",
    "settings",
    "settings_closed",
    "shortened",
    "start",
    "style_name",
    "utc_offset",
]
