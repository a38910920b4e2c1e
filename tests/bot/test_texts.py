from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.texts import Html, Texts, TextsError
from engines import tasks

ROOT = Path(__file__).parents[2]
TEXTS = Texts()


def locales(folder: Path, **files: str) -> Path:
    for language, content in files.items():
        (folder / language).mkdir()
        (folder / language / "one.ftl").write_text(content, "utf-8")
    return folder


def test_english_and_russian_are_spoken() -> None:
    assert TEXTS.languages == ("en", "ru")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"en": "a = A\nb = B", "ru": "a = А"}, "differ in the texts b"),
        ({"en": "a = A", "ru": "a = А\nb = Б"}, "differ in the texts b"),
        ({"en": "a = A { $x }", "ru": "a = А { $y }"}, "other variables"),
        ({"en": "a = A { $x"}, "does not parse"),
        ({"en": "a = A\na = B"}, "twice"),
        ({"en": "a = { b }"}, "b"),
        ({"ru": "a = А"}, "no texts in 'en'"),
    ],
)
def test_incomplete_files_stop_the_start(tmp_path: Path, files: dict[str, str], says: str) -> None:
    with pytest.raises(TextsError, match=says):
        Texts(locales(tmp_path, **files))


@pytest.mark.parametrize(
    ("code", "language"),
    [("ru", "ru"), ("RU-ru", "ru"), ("ru_RU", "ru"), ("en", "en"), ("pt-br", "en"), ("", "en"), (None, "en")],
)
def test_a_language_that_is_not_spoken_falls_back_to_english(code: str | None, language: str) -> None:
    assert TEXTS.language(code) == language


@given(st.text())
def test_arguments_are_escaped_for_html_and_left_alone_in_plain_texts(prompt: str) -> None:
    assert TEXTS.get("en", "result-quote", prompt=prompt) == f"“{html.escape(prompt, quote=False)}”"
    assert TEXTS.plain("en", "result-quote", prompt=prompt) == f"“{prompt}”"


def test_a_text_marked_as_html_is_not_escaped_again() -> None:
    assert TEXTS.get("en", "result-quote", prompt=Html("<b>a</b>")) == "“<b>a</b>”"


@pytest.mark.parametrize(("key", "arguments"), [("no-such-text", {}), ("result-quote", {}), ("start", {"nam": "Ann"})])
def test_a_wrong_key_or_a_missing_argument_is_an_error(key: str, arguments: dict[str, str]) -> None:
    with pytest.raises(TextsError):
        TEXTS.get("en", key, **arguments)


@pytest.mark.parametrize(
    ("credits", "word"),
    [(1, "кредит."), (2, "кредита."), (4, "кредита."), (5, "кредитов."), (11, "кредитов."), (12, "кредитов."),
     (21, "кредит."), (22, "кредита."), (111, "кредитов."), (700, "кредитов.")],
)  # fmt: skip
def test_russian_counts_have_their_forms(credits: int, word: str) -> None:
    assert TEXTS.get("ru", "failed-refunded", credits=credits).endswith(word)


@pytest.mark.parametrize(
    ("place", "ordinal"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"),
     (111, "111th"), (122, "122nd")],
)  # fmt: skip
def test_english_places_are_ordinals(place: int, ordinal: str) -> None:
    assert TEXTS.get("en", "status-queued-no-estimate", place=place) == f"{ordinal} in line"


@pytest.mark.parametrize("language", TEXTS.languages)
def test_texts_that_telegram_shows_fit_its_limits(language: str) -> None:
    assert len(TEXTS.plain(language, "bot-description")) <= 512
    assert len(TEXTS.plain(language, "bot-short-description")) <= 120
    for key in TEXTS.variables:
        if key.startswith("command-"):
            assert 1 <= len(TEXTS.plain(language, key)) <= 256
        if key.startswith("toast-"):
            assert len(TEXTS.plain(language, key, **dict.fromkeys(TEXTS.variables[key], 10_000))) <= 200


@pytest.mark.parametrize("language", TEXTS.languages)
def test_html_tags_are_balanced(language: str) -> None:
    for key, variables in TEXTS.variables.items():
        text = TEXTS.get(language, key, **dict.fromkeys(variables, 2))
        assert sorted(re.findall(r"<(\w+)>", text)) == sorted(re.findall(r"</(\w+)>", text)), key
        assert not re.search(r"[<>]", re.sub(r"</?(b|i|code)>", "", text)), key


SOURCES = "\n".join(
    path.read_text("utf-8") for folder in ("bot", "handlers") for path in sorted((ROOT / folder).rglob("*.py"))
)


def test_every_text_that_the_code_asks_for_exists() -> None:
    asked = set(re.findall(r"""\bt(?:\.plain)?\(\s*"([a-z][a-z0-9-]+)\"""", SOURCES))
    assert asked - set(TEXTS.variables) == set()
    assert {"help", "button-again"} <= asked


def test_no_text_is_left_over() -> None:
    whole = ("bad", "chart", "command", "example", "failed", "hint", "language", "model", "parameter", "style")
    parts = ("admin-button", "admin-status")
    built = (*(f"{group}-" for group in (*whole, *parts)), *(f"status-{stage}" for stage in tasks.Stage))
    in_texts = "\n".join(path.read_text("utf-8") for path in (ROOT / "bot/locales/en").glob("*.ftl"))
    for key in TEXTS.variables:
        named = f'"{key}"' in SOURCES or f"'{key}'" in SOURCES or f"{{ {key} }}" in in_texts
        assert named or key.startswith(built), key
