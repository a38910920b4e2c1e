"""Plain text with its entities; offsets count UTF-16 units, as everywhere in the Bot API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiogram.types import MessageEntity

from bot.sandbox import errors


@dataclass(frozen=True, slots=True)
class FormattedText:
    """What a message says and how it looks."""

    text: str
    entities: list[MessageEntity]


def units(text: str) -> int:
    """Returns the length in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def entity(text: str, start: int, end: int, kind: str, **details: str) -> MessageEntity:
    """Makes an entity of the characters from `start` up to `end` of a text."""
    plain = MessageEntity(type=kind, offset=units(text[:start]), length=units(text[start:end]))
    return plain.model_copy(update=details)


def trimmed(formatted: FormattedText) -> FormattedText:
    """Returns the text without white space at both ends, entities moved and cut to fit; empty ones vanish."""
    text = formatted.text
    cut = units(text) - units(text.lstrip())
    stripped = text.strip()
    length = units(stripped)
    kept = []
    for item in formatted.entities:
        start = min(max(item.offset - cut, 0), length)
        end = min(max(item.offset + item.length - cut, 0), length)
        if end > start:
            kept.append(item.model_copy(update={"offset": start, "length": end - start}))
    return FormattedText(stripped, sorted(kept, key=lambda item: (item.offset, -item.length)))


def checked(text: str, entities: Sequence[MessageEntity]) -> list[MessageEntity]:
    """Returns given entities; raises BadRequest when one lies outside the text."""
    length = units(text)
    for item in entities:
        if item.offset < 0 or item.length < 0 or item.offset + item.length > length:
            raise errors.BadRequest(f"can't parse entities: entity {item.type} is out of the text")
    return list(entities)


class Refused(errors.BadRequest):
    """The markup is broken; the offset counts bytes of the UTF-8 text, as Telegram says it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"can't parse entities: {reason}")


def byte_offset(text: str, position: int) -> int:
    """Returns the byte offset of a character."""
    return len(text[:position].encode())
