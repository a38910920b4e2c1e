"""The texts of the bot, from Fluent files: one folder a language, the same keys and variables in each.

TextsError
    the files disagree, do not parse, or a text is asked for with the wrong key or variables
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.types import FluentNumber
from fluent.syntax import ast

Argument = str | int | float
DEFAULT_LANGUAGE: Final = "en"
SLOT: Final = re.compile("\ue000[^\ue001]*\ue001")  # private-use characters: no text of ours has them
LOCALES_DIR: Final = Path(__file__).parent / "locales"


class TextsError(Exception):
    """The files disagree, do not parse, or a text is asked for with the wrong key or variables."""

    code = "texts"


class Html(str):
    """A text that is HTML already: as an argument it is not escaped again."""

    __slots__ = ()


class Texts:
    """All texts in all languages. Raises TextsError at once where the files are not complete and equal."""

    def __init__(self, locales_dir: Path = LOCALES_DIR, default_language: str = DEFAULT_LANGUAGE) -> None:
        folders = sorted(path for path in locales_dir.iterdir() if path.is_dir())
        entries = {folder.name: _read(folder) for folder in folders}
        if default_language not in entries:
            raise TextsError(f"{locales_dir} has no texts in {default_language!r}")
        self.default_language = default_language
        self.languages = tuple(entries)
        self.variables = {key: _variables(message) for key, message in entries[default_language].items()}
        self._bundles = {language: _bundle(language, found) for language, found in entries.items()}
        for language, found in entries.items():
            self._check_language(language, found)

    def language(self, code: str | None) -> str:
        """The language for a Telegram language code such as "ru" or "pt-br"; the default where it is not spoken."""
        spoken = (code or "").lower().replace("_", "-").partition("-")[0]
        return spoken if spoken in self._bundles else self.default_language

    def get(self, language: str | None, key: str, **arguments: Argument) -> str:
        """A text as HTML; text arguments are escaped unless they are Html. Raises TextsError."""
        return self._format(language, key, {name: _escaped(value) for name, value in arguments.items()})

    def plain(self, language: str | None, key: str, **arguments: Argument) -> str:
        """A text for places without markup: buttons, toasts, command descriptions. Raises TextsError."""
        return self._format(language, key, arguments)

    def translator(self, language: str | None) -> Translator:
        """The texts in one language."""
        return Translator(self, self.language(language))

    def _format(self, language: str | None, key: str, arguments: Mapping[str, Argument]) -> str:
        bundle = self._bundles[self.language(language)]
        if not bundle.has_message(key):
            raise TextsError(f"there is no text {key!r}")
        if missing := sorted(self.variables[key] - set(arguments)):
            raise TextsError(f"text {key!r} lacks {', '.join(missing)}")
        # Fluent refuses arguments over 2500 characters (an escaped prompt has more): texts are put in afterwards.
        slots = {f"\ue000{name}\ue001": value for name, value in arguments.items() if isinstance(value, str)}
        values = {name: f"\ue000{name}\ue001" if isinstance(value, str) else value for name, value in arguments.items()}
        text, errors = bundle.format_pattern(bundle.get_message(key).value, values)
        if errors:
            raise TextsError(f"text {key!r}: {errors[0]}")
        return SLOT.sub(lambda found: slots[found[0]], str(text))

    def _check_language(self, language: str, entries: Mapping[str, ast.Message]) -> None:
        if different := sorted(set(entries) ^ set(self.variables)):
            raise TextsError(f"{language} and {self.default_language} differ in the texts {', '.join(different)}")
        for key, message in entries.items():
            if _variables(message) != self.variables[key]:
                raise TextsError(f"text {key!r} uses other variables in {language} than in {self.default_language}")
            self._format(language, key, dict.fromkeys(self.variables[key], 1))  # finds dangling references


@dataclass(frozen=True, slots=True)
class Translator:
    """The texts in one language: called, it gives HTML; `plain` gives text for places without markup."""

    texts: Texts
    language: str

    def __call__(self, key: str, **arguments: Argument) -> str:
        return self.texts.get(self.language, key, **arguments)

    def plain(self, key: str, **arguments: Argument) -> str:
        """A text for buttons, toasts and command descriptions."""
        return self.texts.plain(self.language, key, **arguments)

    def has(self, key: str) -> bool:
        """There is a text of that key."""
        return key in self.texts.variables


def ordinal(number: FluentNumber) -> str:
    """ORDINAL() of the English files: 1st, 2nd, 3rd, 4th, 11th."""
    value = int(number)
    if value % 100 in (11, 12, 13):
        return f"{value}th"
    return f"{value}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(value % 10, 'th') }"


def _escaped(value: Argument) -> Argument:
    if isinstance(value, str) and not isinstance(value, Html):
        return html.escape(value, quote=False)
    return value


def _read(folder: Path) -> dict[str, ast.Message]:
    entries: dict[str, ast.Message] = {}
    for path in sorted(folder.glob("*.ftl")):
        for entry in FluentResource(path.read_text("utf-8")).body:
            if isinstance(entry, ast.Junk):
                raise TextsError(f"{folder.name}/{path.name} does not parse: {entry.content.strip()[:80]!r}")
            if isinstance(entry, ast.Message):
                if entry.id.name in entries or entry.value is None:
                    raise TextsError(f"{folder.name}/{path.name}: text {entry.id.name!r} is there twice or empty")
                entries[entry.id.name] = entry
    return entries


def _bundle(language: str, entries: Mapping[str, ast.Message]) -> FluentBundle:
    # Isolating marks are for mixed writing directions; here they would only show up in copied prompts.
    bundle = FluentBundle([language], functions={"ORDINAL": ordinal}, use_isolating=False)
    bundle.add_resource(ast.Resource(list(entries.values())))
    return bundle


def _variables(message: ast.Message) -> frozenset[str]:
    return frozenset(node.id.name for node in _nodes(message) if isinstance(node, ast.VariableReference))


def _nodes(node: ast.BaseNode) -> Iterator[ast.BaseNode]:
    yield node
    for value in vars(node).values():
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, ast.BaseNode):
                yield from _nodes(child)
