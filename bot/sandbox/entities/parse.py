"""From what a bot or a user wrote to plain text and entities."""

from __future__ import annotations

from collections.abc import Sequence

from aiogram.types import MessageEntity

from bot.sandbox import errors
from bot.sandbox.entities import detect, html, markdown
from bot.sandbox.entities.text import FormattedText, checked, trimmed

PARSERS = {"html": html.parse, "markdownv2": markdown.parse_v2, "markdown": markdown.parse_legacy}


def parse(text: str, parse_mode: str | None = None, entities: Sequence[MessageEntity] | None = None) -> FormattedText:
    """Returns trimmed text with its entities; given entities win over a parse mode, as in Telegram."""
    clean = text.replace("\r\n", "\n")
    if entities:
        formatted = FormattedText(clean, checked(clean, entities))
    elif parse_mode:
        parser = PARSERS.get(parse_mode.lower())
        if parser is None:
            raise errors.BadRequest("unsupported parse_mode")
        formatted = parser(clean)
    else:
        formatted = FormattedText(clean, [])
    return detect.with_detected(trimmed(formatted))
