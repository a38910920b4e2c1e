"""A prompt with parameters taken apart. Pure and total: any text gives a prompt, changes and hints, never an error.

Forgiving where the meaning is plain: phones turn `--` into a dash, people write `--ar16:9`. What is not plain becomes a
hint that refuses, and nothing is painted until it is put right.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from bot.parameters import table, values
from bot.parameters.changes import Changes
from engines import styles as engine_styles
from engines import tasks, unheard


class Code(StrEnum):
    """What a hint is about."""

    UNKNOWN = "unknown"  # no such parameter
    MISSING = "missing"  # a parameter without its value
    IMPOSSIBLE = "impossible"  # a value that is not possible
    TOO_LONG = "too-long"  # more words than a task takes
    MEANT = "meant"  # understood; `nearest` is how it is usually written
    REPEATED = "repeated"  # said more than once; the last one counts
    FOREIGN = "foreign"  # a parameter of other bots, left out
    NO_EFFECT = "no-effect"  # the chosen model does not listen to it


_REFUSING: Final = frozenset({Code.UNKNOWN, Code.MISSING, Code.IMPOSSIBLE, Code.TOO_LONG})


@dataclass(frozen=True, slots=True)
class Hint:
    """Something to tell the user about what was written.

    `parameter` is a name of the table, or the unknown name. `nearest` is a whole parameter that can be copied, such as
    "--ar 16:9", or "". `options` are the possible values where there are few.
    """

    code: Code
    parameter: str
    said: str = ""
    nearest: str = ""
    options: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """Nothing is painted until this is put right; other hints only explain."""
        return self.code in _REFUSING


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text taken apart. `prompt` may be empty or too long: whoever paints it checks that."""

    prompt: str
    changes: Changes
    hints: tuple[Hint, ...]

    @property
    def refused(self) -> bool:
        """Some hint says that nothing is painted."""
        return any(hint.refused for hint in self.hints)


_DASHES: Final = "-‐‑‒–—―−﹘﹣－"
# Dashes and a name after a space or punctuation; digits are not part of a name, so `--ar16:9` falls apart by itself.
_MARK: Final = re.compile(
    rf"(?<![^\s,;.!?)»”\"])(?P<dashes>[{_DASHES}]{{1,3}})(?P<name>[^\W\d_]+(?:-[^\W\d_]+)*)", re.UNICODE
)
_QUOTED: Final = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»")
_SEPARATOR: Final = re.compile(r"\s*[=:]\s*|\s+|")
_FOREIGN_VALUE: Final = re.compile(r"(?:https?://\S+|[\d.,:]+)(?=\s|$)")
_LAYOUT: Final = str.maketrans("йцукенгшщзфывапролдячсмить", "qwertyuiopasdfghjklzxcvbnm")


@dataclass(frozen=True, slots=True)
class _Mark:
    """A parameter's name in a text: where it begins, where its value may begin, and what it names."""

    start: int
    end: int
    name: str
    parameter: table.Parameter | None
    switched_off: bool = False
    odd: bool = False  # understood, and usually written otherwise


def parse(text: str, *, models: Iterable[tasks.Model], styles: Iterable[engine_styles.Style]) -> Parsed:
    """The prompt, the changes and the hints in what a user wrote."""
    choices = values.Choices(tuple(models), tuple(styles))
    text = _unwrapped(text.strip())
    marks = list(_marks(text))
    pieces = [text[: marks[0].start] if marks else text]
    found: dict[str, Any] = {}
    hints: list[Hint] = []
    for mark, following in itertools.zip_longest(marks, marks[1:]):
        end = following.start if following is not None else len(text)
        separator = _SEPARATOR.match(text, mark.end, end)
        area = text[separator.end() if separator else mark.end : end]
        if mark.parameter is None:
            taken, hint = _unknown(mark, area, choices)
            hints.append(hint)
        else:
            glued = separator is not None and not separator[0] and bool(area)
            taken = _value(mark, mark.parameter, area, glued, choices, found, hints)
        pieces.append(area[taken:].lstrip(" ,;"))
    prompt = " ".join(piece.strip() for piece in pieces if piece.strip())
    return Parsed(prompt.rstrip(" ,;") if marks else prompt, Changes(**found), tuple(hints))


def _unwrapped(text: str) -> str:
    """A text without the quotes that stand around all of it."""
    whole = _QUOTED.fullmatch(text)
    return text[1:-1].strip() if whole else text


def _marks(text: str) -> Iterator[_Mark]:
    """The parameters in a text, in order. What stands between quotes is left alone."""
    closed = [found.span() for found in _QUOTED.finditer(text)]
    for found in _MARK.finditer(text):
        if not any(start < found.start() < end for start, end in closed):
            mark = _mark(found)
            if mark is not None:
                yield mark


def _mark(found: re.Match[str]) -> _Mark | None:
    """What a name after dashes means; None where the dash is only a dash."""
    name, start, end = found["name"].casefold().replace("ё", "е"), found.start(), found.end()
    if parameter := table.BY_WORD.get(name):
        return _Mark(start, end, name, parameter)
    if parameter := table.SWITCHED_OFF.get(name):
        return _Mark(start, end, name, parameter, switched_off=True)
    head, hyphen, _ = name.partition("-")
    if hyphen and (parameter := table.BY_WORD.get(head)):
        return _Mark(start, found.start("name") + len(head) + 1, head, parameter, odd=True)
    if found["dashes"] not in ("--", "---"):
        return None
    if parameter := table.BY_WORD.get(name.translate(_LAYOUT)):
        return _Mark(start, end, name, parameter, odd=True)
    return _Mark(start, end, name, None)


def _unknown(mark: _Mark, area: str, choices: values.Choices) -> tuple[int, Hint]:
    """Characters that belong to a parameter nobody knows here, and what to say about it."""
    if mark.name in table.FOREIGN:
        number = _FOREIGN_VALUE.match(area)
        return (number.end() if number else 0), Hint(Code.FOREIGN, mark.name)
    for parameter in (table.STYLE, table.MODEL):  # `--anime`
        reading = parameter.kind.read(mark.name, choices)
        if reading is not None and reading.value is not None:
            return 0, Hint(Code.UNKNOWN, mark.name, nearest=_written(parameter, reading.value))
    nearest = values.closest(mark.name, (*table.BY_WORD, *table.SWITCHED_OFF))
    return 0, Hint(Code.UNKNOWN, mark.name, nearest=f"--{nearest}" if nearest else "")


def _value(
    mark: _Mark,
    parameter: table.Parameter,
    area: str,
    glued: bool,
    choices: values.Choices,
    found: dict[str, Any],
    hints: list[Hint],
) -> int:
    """Read the value of a parameter into `found` or say in `hints` why not; the characters it takes."""
    reading = values.Reading(0, "", False) if mark.switched_off else parameter.kind.read(area, choices)
    if reading is None:
        hints.append(
            Hint(Code.MISSING, parameter.name, nearest=_example(parameter), options=_options(parameter, choices))
        )
        return 0
    if reading.value is None:
        code = Code.TOO_LONG if isinstance(parameter.kind, values.Words) else Code.IMPOSSIBLE
        nearest = f"--{parameter.name} {reading.nearest}" if reading.nearest else ""
        hints.append(Hint(code, parameter.name, reading.said, nearest, _options(parameter, choices)))
        return reading.taken
    value = reading.value
    if parameter.field in found:
        if isinstance(parameter.kind, values.Words):
            value = ", ".join(part for part in (found[parameter.field], str(value)) if part)
        elif found[parameter.field] != value:
            hints.append(Hint(Code.REPEATED, parameter.name, reading.said, _written(parameter, value)))
    found[parameter.field] = value
    if mark.odd or (glued and reading.taken) or not reading.as_usual:
        hints.append(Hint(Code.MEANT, parameter.name, reading.said, _written(parameter, value)))
    return reading.taken


def _written(parameter: table.Parameter, value: values.Value) -> str:
    return f"--{parameter.name} {parameter.kind.write(value)}".rstrip()


def _example(parameter: table.Parameter) -> str:
    return f"--{parameter.name} {parameter.example}"


def _options(parameter: table.Parameter, choices: values.Choices) -> tuple[str, ...]:
    return tuple(parameter.kind.write(option) for option in parameter.kind.options(choices))


def without_effect(changes: Changes, model: tasks.Model) -> tuple[Hint, ...]:
    """What was said and the model that paints does not listen to."""
    deaf = unheard.by(model)
    said = (one for one in table.PARAMETERS if one.field in deaf and getattr(changes, one.field))
    return tuple(Hint(Code.NO_EFFECT, parameter.name, table.MODEL.kind.write(model)) for parameter in said)
