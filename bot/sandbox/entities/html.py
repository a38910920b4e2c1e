"""Telegram's HTML: a small set of tags, strictly nested, four named entities."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiogram.types import MessageEntity

from bot.sandbox.entities.text import FormattedText, Refused, byte_offset, entity

KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]+));?")
ATTRIBUTE = re.compile(r"""([a-zA-Z][a-zA-Z0-9-]*)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?\s*""")
LANGUAGE = "language-"


@dataclass(frozen=True, slots=True)
class OpenTag:
    """A tag whose end has not come; `start` counts characters of the plain text."""

    name: str
    attributes: dict[str, str]
    start: int


def parse(source: str) -> FormattedText:
    """Returns the plain text and its entities; raises BadRequest with the byte offset of what is wrong."""
    plain: list[str] = []
    length = 0
    nested: list[OpenTag] = []
    found: list[tuple[OpenTag, int]] = []
    position = 0
    while position < len(source):
        sign = source[position]
        if sign == "<":
            if source.startswith("</", position):
                position = _end_tag(source, position, nested, found, length)
            else:
                tag, position = _start_tag(source, position, length)
                nested.append(tag)
            continue
        if sign == "&":
            sign, position = _reference(source, position)
        else:
            position += 1
        plain.append(sign)
        length += len(sign)
    if nested:
        raise Refused(f'Can\'t find end tag corresponding to start tag "{nested[-1].name}"')
    text = "".join(plain)
    return FormattedText(text, [item for tag, end in found for item in _entity(text, tag, end, found)])


def _reference(source: str, position: int) -> tuple[str, int]:
    match = REFERENCE.match(source, position)
    if match is None:
        return "&", position + 1
    decimal, hexadecimal, name = match.groups()
    if name is not None:
        return (NAMED[name], match.end()) if name in NAMED else ("&", position + 1)
    code = int(decimal) if decimal is not None else int(hexadecimal, 16)
    if code == 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return "&", position + 1
    return chr(code), match.end()


def _start_tag(source: str, position: int, length: int) -> tuple[OpenTag, int]:
    end = position + 1
    while end < len(source) and source[end] not in "> \t\r\n":
        end += 1
    if end == len(source):
        raise Refused(f"Unclosed start tag at byte offset {byte_offset(source, position)}")
    name = source[position + 1 : end].lower()
    if name not in KINDS:
        raise Refused(f'Unsupported start tag "{name}" at byte offset {byte_offset(source, position)}')
    attributes: dict[str, str] = {}
    while True:
        while end < len(source) and source[end].isspace():
            end += 1
        if end < len(source) and source[end] == ">":
            break
        match = ATTRIBUTE.match(source, end)
        if match is None:
            raise Refused(f'Unclosed start tag "{name}" at byte offset {byte_offset(source, position)}')
        attributes[match[1].lower()] = _unquoted(match[2] or "")
        end = match.end()
    if name == "span" and attributes.get("class") != "tg-spoiler":
        raise Refused(f'Tag "span" must have class "tg-spoiler" at byte offset {byte_offset(source, position)}')
    return OpenTag(name, attributes, length), end + 1


def _unquoted(value: str) -> str:
    bare = value[1:-1] if value[:1] in ("'", '"') else value
    return REFERENCE.sub(lambda match: _reference(match[0], 0)[0] if len(match[0]) > 1 else match[0], bare)


def _end_tag(source: str, position: int, nested: list[OpenTag], found: list[tuple[OpenTag, int]], length: int) -> int:
    at = byte_offset(source, position)
    end = source.find(">", position)
    if end == -1:
        raise Refused(f"Unclosed end tag at byte offset {at}")
    if not nested:
        raise Refused(f"Unexpected end tag at byte offset {at}")
    name = source[position + 2 : end].strip().lower()
    tag = nested.pop()
    if name and name != tag.name:
        raise Refused(f'Unmatched end tag at byte offset {at}, expected "</{tag.name}>", found "</{name}>"')
    found.append((tag, length))
    return end + 1


def _entity(text: str, tag: OpenTag, end: int, found: list[tuple[OpenTag, int]]) -> list[MessageEntity]:
    if end == tag.start:
        return []
    kind = KINDS[tag.name]
    if kind == "text_link":
        url = tag.attributes.get("href") or text[tag.start : end]
        return [entity(text, tag.start, end, "text_link", url=url)] if "." in url or "://" in url else []
    if kind == "custom_emoji":
        emoji_id = tag.attributes.get("emoji-id", "")
        return [entity(text, tag.start, end, "custom_emoji", custom_emoji_id=emoji_id)] if emoji_id else []
    if kind == "blockquote" and "expandable" in tag.attributes:
        return [entity(text, tag.start, end, "expandable_blockquote")]
    same_place = [other for other, other_end in found if (other.start, other_end) == (tag.start, end)]
    if kind == "pre":
        language = next((_language(other) for other in same_place if other.name == "code"), "")
        return [entity(text, tag.start, end, "pre", **({"language": language} if language else {}))]
    if kind == "code" and any(other.name == "pre" for other in same_place):
        return []
    return [entity(text, tag.start, end, kind)]


def _language(tag: OpenTag) -> str:
    given = tag.attributes.get("class", "")
    return given[len(LANGUAGE) :] if given.startswith(LANGUAGE) else ""
