"""The page about parameters says what the table says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot import parameters
from engines import sizes, styles, tasks

PAGE = (Path(__file__).parents[3] / "docs" / "parameters.md").read_text("utf-8")
ROWS = {row[1]: row[0] for row in re.findall(r"^(\| `--(\w+)[^\n]*)$", PAGE, re.MULTILINE)}


@pytest.mark.parametrize("parameter", parameters.PARAMETERS, ids=lambda one: one.name)
def test_every_name_of_a_parameter_is_in_its_row(parameter: parameters.Parameter) -> None:
    row = ROWS[parameter.name]
    assert f"`--{parameter.name} {parameter.example}".rstrip() in row
    named = set(re.findall(r"`--([^`\s]+)", row)) - {parameter.name}
    assert named <= {*parameter.also, *parameter.off}
    assert {*parameter.also, *parameter.off[:1]} <= named


def test_there_is_no_row_without_a_parameter() -> None:
    assert set(ROWS) == {parameter.name for parameter in parameters.PARAMETERS}


@pytest.mark.parametrize("profile", list(sizes.Profile))
def test_every_style_is_named(profile: sizes.Profile) -> None:
    row = re.search(rf"^\| {profile} \| (.*) \|$", PAGE, re.MULTILINE)
    assert row
    assert row[1].split(", ") == [style.name for style in styles.STYLES[profile]]


def test_the_examples_are_painted_as_they_are() -> None:
    block = re.search(r"```\n(.*?)```", PAGE, re.DOTALL)
    assert block
    for line in block[1].splitlines():
        parsed = parameters.parse(line, models=tasks.Model, styles=styles.of("kandinsky3"))
        assert parsed.hints == ()
        assert parsed.changes != parameters.Changes()
        assert "--" not in parsed.prompt
