"""Kinds of values: how each is read from what people type, written in its usual form, and offered on buttons.

A reader looks at the start of a text and says how much of it is the value. What it cannot read it does not guess: it
names the nearest value that would be possible.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from engines import styles, tasks

Value = tasks.Model | tasks.AspectRatio | str | int | bool
RANDOM: Final = "random"  # the seed that is drawn afresh

QUOTES: Final = {'"': '"', "“": "”", "„": "“", "«": "»", "‘": "’", "'": "'"}
_LOOSE_END: Final = ",;.!"  # punctuation after a value, which is not part of it
_WORDS_OF_A_NAME: Final = 3
_RESOLUTION_PX: Final = 100  # numbers as large as this are pixels, not a ratio
_NEAR: Final = math.log(1.1)  # a resolution within a tenth of a ratio means that ratio


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen here: the models that are installed and the styles of the profile.

    `weights_dir` is where further models would go; None is the folder of the settings.
    """

    models: tuple[tasks.Model, ...]
    styles: tuple[styles.Style, ...]
    weights_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What the start of a text says: `taken` characters of it are the value.

    `value` is None where what was said is not possible; `nearest` is then the likeliest value in its usual form, or
    "". `as_usual` is False where the value was understood and is usually written otherwise.
    """

    taken: int
    said: str
    value: Value | None
    nearest: str = ""
    as_usual: bool = True


class Kind(Protocol):
    """A kind of value."""

    def read(self, text: str, choices: Choices) -> Reading | None:
        """The value at the start of a text without leading space; None where there is none."""

    def write(self, value: Value) -> str:
        """The usual form of a value."""

    def options(self, choices: Choices) -> tuple[Value, ...]:
        """The possible values, where they are few enough for buttons and lists."""


class Ratio:
    """Width to height: 16:9, also 16x9, 16/9, 1920x1080, "portrait"."""

    _FORM: Final = re.compile(
        r"(\d{1,5}(?:[.,]\d{1,3})?)\s*(?:[:∶xх×*/]|\bto\b|\bна\b)\s*(\d{1,5}(?:[.,]\d{1,3})?)(?=[\s,;.!]|$)",
        re.IGNORECASE,
    )
    _WORDS: Final = {
        "square": tasks.AspectRatio.SQUARE,
        "квадрат": tasks.AspectRatio.SQUARE,
        "landscape": tasks.AspectRatio.LANDSCAPE_3_2,
        "горизонтально": tasks.AspectRatio.LANDSCAPE_3_2,
        "portrait": tasks.AspectRatio.PORTRAIT_2_3,
        "вертикально": tasks.AspectRatio.PORTRAIT_2_3,
        "wide": tasks.AspectRatio.LANDSCAPE_16_9,
        "широко": tasks.AspectRatio.LANDSCAPE_16_9,
        "story": tasks.AspectRatio.PORTRAIT_9_16,
        "сторис": tasks.AspectRatio.PORTRAIT_9_16,
    }

    def read(self, text: str, choices: Choices) -> Reading | None:
        quoted = _quoted(text)
        found = self._FORM.match(text) if quoted is None else self._FORM.fullmatch(quoted[1].strip())
        if found is None:
            return _named(text, self._WORDS, as_usual=False)
        taken, said = (found.end() if quoted is None else quoted[0]), found[0]
        width, height = (float(number.replace(",", ".")) for number in found.groups())
        if not width or not height:
            return Reading(taken, said, None, tasks.AspectRatio.SQUARE.value)
        nearest = min(tasks.AspectRatio, key=lambda ratio: _distance(ratio, width, height))
        pixels = min(width, height) >= _RESOLUTION_PX
        if _distance(nearest, width, height) > (_NEAR if pixels else 1e-3):
            return Reading(taken, said, None, nearest.value)
        return Reading(taken, said, nearest, nearest.value, as_usual=said == nearest.value)

    def write(self, value: Value) -> str:
        return str(value)

    def options(self, choices: Choices) -> tuple[Value, ...]:
        return tuple(tasks.AspectRatio)


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number from `least` to `most`; `words` stand for a value of their own."""

    least: int
    most: int
    words: Mapping[str, Value]
    on_buttons: bool = False

    def read(self, text: str, choices: Choices) -> Reading | None:
        if (token := _token(text)) is None:
            return None
        taken, said = token
        if (word := self.words.get(said.casefold())) is not None:
            return Reading(taken, said, word, str(word), as_usual=said.casefold() == str(word))
        digits = re.fullmatch(r"[x×х]?([-−–]?)(\d+)(?:[.,]0+)?[x×х]?", said, re.IGNORECASE)
        if digits is None:
            return Reading(taken, said, None)
        # the fourteen digits bound the number before it is made; more are beyond every limit
        number = (-1 if digits[1] else 1) * int(digits[2].lstrip("0")[:14] or "0")
        possible = max(self.least, min(self.most, number))
        if possible != number:
            return Reading(taken, said, None, str(possible))
        return Reading(taken, said, number, str(number), as_usual=said == str(number))

    def write(self, value: Value) -> str:
        return str(value)

    def options(self, choices: Choices) -> tuple[Value, ...]:
        return tuple(range(self.least, self.most + 1)) if self.on_buttons else ()


class ModelName:
    """A network by its name or a short form of it."""

    SHORT: Final = {
        tasks.Model.KANDINSKY_3: "kandinsky-3",
        tasks.Model.KANDINSKY_3_FLASH: "flash",
        tasks.Model.KANDINSKY_22: "kandinsky-2.2",
    }
    _SPELLINGS: Final = {
        tasks.Model.KANDINSKY_3: ("kandinsky 3", "kandinsky", "kandinsky3", "k3", "3", "3.0", "base", "кандинский",
                                  "кандинский 3"),
        tasks.Model.KANDINSKY_3_FLASH: ("kandinsky 3 flash", "kandinsky flash", "k3 flash", "3 flash", "flash", "fast",
                                        "флеш", "флэш", "кандинский флеш"),
        tasks.Model.KANDINSKY_22: ("kandinsky 2.2", "kandinsky2.2", "kandinsky 22", "kandinsky22", "k2.2", "k22", "2.2",
                                   "2", "кандинский 2.2"),
    }  # fmt: skip

    def read(self, text: str, choices: Choices) -> Reading | None:
        names = {name: model for model in choices.models for name in self._SPELLINGS[model]}
        reading = _named(text, names)
        if reading is None or reading.value is not None:
            return reading
        return Reading(reading.taken, reading.said, None, self._short(names.get(reading.nearest)))

    def write(self, value: Value) -> str:
        return self._short(value)

    def options(self, choices: Choices) -> tuple[Value, ...]:
        return choices.models

    def _short(self, value: Value | None) -> str:
        return self.SHORT[value] if isinstance(value, tasks.Model) else ""


class StyleName:
    """A style of the profile by its name or another spelling; "none" is no style."""

    _NONE: Final = ("none", "off", "no", "нет", "без стиля", "без")

    def read(self, text: str, choices: Choices) -> Reading | None:
        names: dict[str, Value] = dict.fromkeys(self._NONE, "")
        for style in choices.styles:
            names |= dict.fromkeys((_plain(name) for name in (*style.also, style.name)), style.name)
        reading = _named(text, names)
        if reading is None or reading.value is not None:
            return reading
        return Reading(reading.taken, reading.said, None, str(names.get(reading.nearest, "")))

    def write(self, value: Value) -> str:
        return str(value) or "none"

    def options(self, choices: Choices) -> tuple[Value, ...]:
        return ("", *(style.name for style in choices.styles))


class Switch:
    """On or off; named alone it is on."""

    _SURE: Final = {"on": True, "off": False, "true": True, "false": False, "вкл": True, "выкл": False}

    def read(self, text: str, choices: Choices) -> Reading | None:
        token = _token(text)
        said = token[1].casefold() if token else ""
        if token is None or said not in self._SURE:
            return Reading(0, "", True)
        return Reading(token[0], token[1], self._SURE[said])

    def write(self, value: Value) -> str:
        return "" if value else "off"

    def options(self, choices: Choices) -> tuple[Value, ...]:
        return (False, True)


class Words:
    """Free words up to the next parameter, or those between quotes."""

    def read(self, text: str, choices: Choices) -> Reading | None:
        if (quoted := _quoted(text)) is not None:
            taken, said = quoted
        else:
            taken, said = len(text), text.strip(" ,;\n\t")
            if not said:
                return None
        return Reading(taken, said, said.strip() if len(said) <= tasks.PROMPT_LIMIT else None)

    def write(self, value: Value) -> str:
        """The words; between quotes where they would be read as something else without."""
        words = str(value)
        plain = words.strip(" ,;\n\t") == words  # as it is read without quotes
        if plain and words and words[0] not in "".join((*QUOTES, "=:")) and not re.search(r"[-‐-―−﹘﹣－]\w", words):
            return words
        for opening in ('"', "“", "«"):
            if opening not in words and QUOTES[opening] not in words:
                return f"{opening}{words}{QUOTES[opening]}"
        return '"{}"'.format(words.replace('"', "'"))

    def options(self, choices: Choices) -> tuple[Value, ...]:
        return ()


def closest(said: str, names: Iterable[str]) -> str:
    """The name that a mistyped one is most like, or ""."""
    found = difflib.get_close_matches(_plain(said)[:50], list(names), n=1, cutoff=0.6)
    return found[0] if found else ""


def _distance(ratio: tasks.AspectRatio, width: float, height: float) -> float:
    return abs(math.log(width / height / ratio.value_float))


def _plain(name: str) -> str:
    """A name without the differences that nobody means: case, hyphens, ё."""
    return " ".join(re.split(r"[\s_‐-―−-]+", name.casefold().replace("ё", "е"))).strip()


def _quoted(text: str) -> tuple[int, str] | None:
    """Characters taken by a quoted start of a text, and what stands between the quotes."""
    closing = QUOTES.get(text[:1])
    end = text.find(closing, 1) if closing else -1
    return None if end < 0 else (end + 1, text[1:end])


def _token(text: str) -> tuple[int, str] | None:
    """The first word of a text, or what is quoted there: the characters it takes, and the word."""
    if (quoted := _quoted(text)) is not None:
        return quoted[0], quoted[1].strip()
    found = re.match(r"\S+", text)
    if found is None:
        return None
    return found.end(), found[0].rstrip(_LOOSE_END) or found[0]


def _named(text: str, names: Mapping[str, Value], *, as_usual: bool = True) -> Reading | None:
    """The longest name at the start of a text. Where there is none, `nearest` is the name most like the first word."""
    token = _token(text)
    if token is None:
        return None
    if _quoted(text) is None:
        words = list(re.finditer(r"\S+", text))[:_WORDS_OF_A_NAME]
        for last in reversed(words):
            said = text[: last.end()].rstrip(_LOOSE_END)
            if (value := names.get(_plain(said))) is not None:
                return Reading(last.end(), said, value, as_usual=as_usual)
    taken, said = token
    value = names.get(_plain(said))
    if value is not None:
        return Reading(taken, said, value, as_usual=as_usual)
    return Reading(taken, said, None, closest(said, names))
