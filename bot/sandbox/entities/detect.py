"""Entities that Telegram finds by itself: commands, mentions, hashtags, addresses."""

from __future__ import annotations

import re

from bot.sandbox.entities.text import FormattedText, entity, units

PATTERNS = (
    ("url", re.compile(r"\b(?:https?://[^\s<>\"']+|(?:www\.|t\.me/)[^\s<>\"']+)")),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("bot_command", re.compile(r"(?<![\w/<>@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/@])")),
    ("mention", re.compile(r"(?<![\w@/])@[A-Za-z][A-Za-z0-9_]{2,31}(?![\w@])")),
    ("hashtag", re.compile(r"(?<![\w&/#])#\w*[^\W\d]\w*")),
)
URL_TAIL = ".,!?:;)]}"
OPAQUE = frozenset({"code", "pre", "text_link", "text_mention", "custom_emoji"})  # nothing is found inside these


def with_detected(formatted: FormattedText) -> FormattedText:
    """Adds what is found outside links and code; of two that overlap, the earlier kind in the table stays."""
    text = formatted.text
    taken = [(item.offset, item.offset + item.length) for item in formatted.entities if item.type in OPAQUE]
    entities = list(formatted.entities)
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            end = match.end()
            if kind == "url":
                end -= len(match[0]) - len(match[0].rstrip(URL_TAIL))
            start_unit = units(text[: match.start()])
            span = (start_unit, start_unit + units(text[match.start() : end]))
            if span[0] < span[1] and not any(span[0] < other[1] and other[0] < span[1] for other in taken):
                taken.append(span)
                entities.append(entity(text, match.start(), end, kind))
    return FormattedText(text, sorted(entities, key=lambda item: (item.offset, -item.length)))
