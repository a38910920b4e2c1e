"""Styles are data: what they add to a prompt, and in which language."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines import errors, sizes, styles, tasks

EVERY = [(profile, style) for profile in sizes.Profile for style in styles.STYLES[profile]]


@pytest.mark.parametrize(("profile", "style"), EVERY, ids=lambda value: getattr(value, "name", None))
def test_a_style_has_a_name_that_fits_a_task_and_adds_words(profile: sizes.Profile, style: styles.Style) -> None:
    assert re.fullmatch(r"[a-z0-9-]+", style.name)
    assert tasks.TextToImage(prompt="a fox", seed=1, style=style.name).style == style.name
    for prompt in ("a fox", "лиса"):
        whole = style.wording(prompt).around(prompt)
        assert prompt in whole
        assert len(whole) > len(prompt)
    assert styles.find(styles.of(profile), style.name) is style


@pytest.mark.parametrize("profile", list(sizes.Profile))
def test_no_two_styles_share_a_spelling(profile: sizes.Profile) -> None:
    names = [name for style in styles.STYLES[profile] for name in (style.name, *style.also)]
    assert len(names) == len(set(names))
    assert names == [name.lower() for name in names]


def test_the_miniature_family_is_spoken_to_in_the_language_of_the_prompt() -> None:
    outline = styles.find(styles.of("mini"), "outline")
    assert outline.wording("a red circle").around("a red circle.") == "a red circle, outline"
    assert outline.wording("красный круг").around("красный круг") == "красный круг, контуром"


def test_what_the_user_does_not_want_comes_before_what_the_style_does_not_want() -> None:
    oil = styles.find(styles.of("kandinsky3"), "oil")
    assert oil.negative_prompt(" text ") == f"text, {oil.negative}"
    assert oil.negative_prompt("") == oil.negative


@given(st.text())
def test_no_style_leaves_the_words_alone(prompt: str) -> None:
    assert styles.NONE.wording(prompt).around(prompt) == prompt
    assert styles.NONE.negative_prompt(prompt) == prompt.strip()
    assert styles.find(styles.of("mini"), "") is styles.NONE


@pytest.mark.parametrize("name", ["anime", "Outline", "none"])
def test_a_style_of_another_profile_is_an_error_that_names_the_possible_ones(name: str) -> None:
    with pytest.raises(errors.InvalidTask, match="flat, outline, watercolour, mosaic"):
        styles.find(styles.of("mini"), name)


def test_an_unknown_profile_is_an_error() -> None:
    with pytest.raises(errors.InvalidTask, match="no profile"):
        styles.of("huge")
