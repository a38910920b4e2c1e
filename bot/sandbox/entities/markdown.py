"""Telegram's two Markdowns: the old one, which does not nest, and MarkdownV2, which wants every sign escaped."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiogram.types import MessageEntity

from bot.sandbox.entities.text import FormattedText, Refused, byte_offset, entity

RESERVED = frozenset("_*[]()~`>#+-=|{}.!")
MARKS = (("__", "underline"), ("||", "spoiler"), ("*", "bold"), ("_", "italic"), ("~", "strikethrough"))
EMOJI_URL = "tg://emoji?id="
ADDRESS = re.compile(r"\(((?:\\.|[^\\)])*)\)", re.DOTALL)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def parse_legacy(source: str) -> FormattedText:
    """Parses `*bold*`, `_italic_`, code, pre and links; a lone mark is an error."""
    plain = ""
    pending: list[tuple[int, int, str, dict[str, str]]] = []
    position = 0
    while position < len(source):
        sign = source[position]
        if sign == "\\" and source[position + 1 : position + 2] in tuple("_*`["):
            plain += source[position + 1]
            position += 2
            continue
        if sign not in "_*`[":
            plain += sign
            position += 1
            continue
        closing = "```" if source.startswith("```", position) else {"[": "]"}.get(sign, sign)
        begin = position + len(closing)
        end = source.find(closing, begin)
        if end == -1:
            raise Refused(f"Can't find end of the entity starting at byte offset {byte_offset(source, position)}")
        inner = source[begin:end]
        position = end + len(closing)
        kind = {"*": "bold", "_": "italic", "`": "code", "```": "pre", "]": "text_link"}[closing]
        details: dict[str, str] = {}
        if closing == "```":
            inner, details = _without_language(inner)
        elif closing == "]":
            stop = source.find(")", position) if source.startswith("(", position) else -1
            if stop == -1:
                plain += inner
                continue
            details = {"url": source[position + 1 : stop]}
            position = stop + 1
        pending.append((len(plain), len(plain) + len(inner), kind, details))
        plain += inner
    return FormattedText(plain, _entities(plain, pending))


@dataclass(frozen=True, slots=True)
class OpenMark:
    """A mark whose end has not come; `start` counts characters of the plain text, `at` of the source."""

    mark: str
    kind: str
    start: int
    at: int


class _V2:
    """The state of one MarkdownV2 text while it is read from left to right."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.plain = ""
        self.open: list[OpenMark] = []
        self.found: list[tuple[int, int, str, dict[str, str]]] = []

    def run(self) -> FormattedText:
        while self.position < len(self.source):
            self._step()
        quotes = [mark for mark in self.open if mark.mark == ">"]
        if self.open and self.open[-1].mark != ">":
            last = self.open[-1]
            raise Refused(f"Can't find end of {last.kind} entity at byte offset {byte_offset(self.source, last.at)}")
        for quote in quotes:
            self._close(quote, "blockquote")
        return FormattedText(self.plain, _entities(self.plain, self.found))

    def _step(self) -> None:
        sign = self.source[self.position]
        at_line_start = self.position == 0 or self.source[self.position - 1] == "\n"
        if sign == "\\" and self._next() and ord(self._next()) < 128:
            self._write(self._next(), 2)
        elif at_line_start and self._quote():
            return
        elif sign == "\n":
            self._line_end()
        elif sign == "`":
            self._code()
        elif self.source.startswith("||", self.position) and self._ends_expandable_quote():
            self._close(self.open[-1], "expandable_blockquote")
            self.position += 2
        elif self._mark():
            return
        elif sign == "[" or self.source.startswith("![", self.position):
            self._open_link("![" if sign == "!" else "[")
        elif sign == "]":
            self._close_link()
        elif sign in RESERVED:
            raise Refused(f"Character '{sign}' is reserved and must be escaped with the preceding '\\'")
        else:
            self._write(sign, 1)

    def _next(self) -> str:
        return self.source[self.position + 1 : self.position + 2]

    def _write(self, sign: str, width: int) -> None:
        self.plain += sign
        self.position += width

    def _close(self, mark: OpenMark, kind: str, **details: str) -> None:
        self.open.remove(mark)
        self.found.append((mark.start, len(self.plain), kind, details))

    def _quote(self) -> bool:
        opener = next((mark for mark in ("**>", ">") if self.source.startswith(mark, self.position)), None)
        if opener is None:
            return False
        if not any(mark.mark == ">" for mark in self.open):
            self.open.append(OpenMark(">", "BlockQuote", len(self.plain), self.position))
        self.position += len(opener)
        return True

    def _line_end(self) -> None:
        quote = self.open[-1] if self.open and self.open[-1].mark == ">" else None
        if quote is not None and not self.source.startswith(">", self.position + 1):
            self._close(quote, "blockquote")
        self._write("\n", 1)

    def _ends_expandable_quote(self) -> bool:
        ends_line = self.source[self.position + 2 : self.position + 3] in ("", "\n")
        return ends_line and bool(self.open) and self.open[-1].mark == ">"

    def _code(self) -> None:
        fence = "```" if self.source.startswith("```", self.position) else "`"
        start = self.position + len(fence)
        end = start
        inner = ""
        while not self.source.startswith(fence, end):
            if end >= len(self.source):
                kind = "Pre" if fence == "```" else "Code"
                at = byte_offset(self.source, self.position)
                raise Refused(f"Can't find end of {kind} entity at byte offset {at}")
            if self.source[end] == "\\" and self.source[end + 1 : end + 2] in ("`", "\\"):
                end += 1
            inner += self.source[end]
            end += 1
        details: dict[str, str] = {}
        if fence == "```":
            inner, details = _without_language(inner)
        begin = len(self.plain)
        self._write(inner, end + len(fence) - self.position)
        self.found.append((begin, len(self.plain), "pre" if fence == "```" else "code", details))

    def _mark(self) -> bool:
        found = next(((mark, kind) for mark, kind in MARKS if self.source.startswith(mark, self.position)), None)
        if found is None:
            return False
        mark, kind = found
        if self.open and self.open[-1].mark == mark:
            self._close(self.open[-1], kind)
        else:
            self.open.append(OpenMark(mark, kind.capitalize(), len(self.plain), self.position))
        self.position += len(mark)
        return True

    def _open_link(self, mark: str) -> None:
        self.open.append(OpenMark(mark, "TextUrl", len(self.plain), self.position))
        self.position += len(mark)

    def _close_link(self) -> None:
        if not self.open or self.open[-1].mark not in ("[", "!["):
            raise Refused("Character ']' is reserved and must be escaped with the preceding '\\'")
        link = self.open[-1]
        url = self.plain[link.start :]
        self.position += 1
        if self.source.startswith("(", self.position):
            address = ADDRESS.match(self.source, self.position)
            if address is None:
                raise Refused(f"Can't find end of a URL at byte offset {byte_offset(self.source, self.position)}")
            url = ESCAPED.sub(r"\1", address[1])
            self.position = address.end()
        if url.startswith(EMOJI_URL):
            self._close(link, "custom_emoji", custom_emoji_id=url.removeprefix(EMOJI_URL))
        else:
            self._close(link, "text_link", url=url)


def parse_v2(source: str) -> FormattedText:
    """Parses MarkdownV2, nested; raises BadRequest for an unescaped sign or a mark without its end."""
    return _V2(source).run()


def _without_language(inner: str) -> tuple[str, dict[str, str]]:
    first, line_end, rest = inner.partition("\n")
    if line_end and first and not any(sign.isspace() for sign in first):
        return rest, {"language": first}
    return (rest if line_end and not first else inner), {}


def _entities(text: str, spans: list[tuple[int, int, str, dict[str, str]]]) -> list[MessageEntity]:
    return [entity(text, start, end, kind, **details) for start, end, kind, details in spans if end > start]
