"""Hints and the list of parameters, in both languages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import parameters
from bot.parameters import Code, Hint, values, wording
from bot.texts import Texts
from engines import styles, tasks

TEXTS = Texts()
CHOICES = values.Choices(tuple(tasks.Model), styles.of("kandinsky3"))
LANGUAGES = pytest.mark.parametrize("language", TEXTS.languages)


@LANGUAGES
def test_every_parameter_is_explained_with_an_example_that_works(language: str) -> None:
    text = wording.help_text(TEXTS.translator(language), CHOICES)
    examples = re.findall(r"<code>(--.*?)</code>", text)
    assert len(examples) == len(parameters.PARAMETERS)
    for example in examples:
        parsed = parameters.parse(f"x {example}", models=CHOICES.models, styles=CHOICES.styles)
        assert parsed.hints == ()
        assert parsed.changes != parameters.Changes()
    for style in CHOICES.styles:
        assert style.name in text


@LANGUAGES
@pytest.mark.parametrize("code", list(Code))
def test_every_hint_has_its_words(language: str, code: Code) -> None:
    hint = Hint(code, "ar", "4:3", "--ar 5:4", ("1:1", "3:2"))
    text = wording.hints(TEXTS.translator(language), [hint])
    assert "--ar" in text
    assert ("1:1, 3:2" in text) is hint.refused
    assert "--ar 5:4" in text or code in (Code.FOREIGN, Code.NO_EFFECT)


def test_refusals_come_first_and_nothing_to_tell_is_nothing() -> None:
    t = TEXTS.translator("en")
    text = wording.hints(t, [Hint(Code.MEANT, "ar", "16x9", "--ar 16:9"), Hint(Code.MISSING, "n", nearest="--n 4")])
    assert text.index("--n") < text.index("--ar 16:9")
    assert wording.hints(t, []) == ""


@given(st.text())
def test_what_users_wrote_is_escaped_and_short(said: str) -> None:
    hints = parameters.parse(
        f"x --ar {said} --n {said} --style {said}", models=CHOICES.models, styles=CHOICES.styles
    ).hints
    text = wording.hints(TEXTS.translator("en"), hints)
    assert len(re.sub(r"&\w+;", "&", text)) < 1500
    assert set(re.findall(r"<[^>]*>", text)) <= {"<code>", "</code>"}
