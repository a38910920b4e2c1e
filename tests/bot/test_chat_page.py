"""docs/chat.md tells users of every command, parameter and shape, and of nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from bot import commands
from bot.parameters import PARAMETERS
from engines import tasks

PAGE = (Path(__file__).parents[2] / "docs" / "chat.md").read_text("utf-8")


def rows_of(section: str) -> list[str]:
    """The first cells of the table in a section."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ") and "---" not in line][1:]


def test_every_command_of_the_menu_is_explained() -> None:
    assert set(rows_of("Commands")) == {f"`/{name}`" for name in commands.PRIVATE}


def test_every_parameter_is_explained_in_the_order_of_the_table() -> None:
    assert rows_of("Parameters of one message") == [f"`--{parameter.name}`" for parameter in PARAMETERS]


def test_every_shape_is_named() -> None:
    (shapes,) = re.findall(r"^\| shape \| (.*) \|$", PAGE, re.MULTILINE)
    assert shapes.split(", ") == [ratio.value for ratio in tasks.AspectRatio]
