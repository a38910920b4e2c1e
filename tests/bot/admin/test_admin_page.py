"""docs/admin.md tells admins of every command and setting that is theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import commands
from bot.settings import MessageSettings, StorageSettings

PAGE = (Path(__file__).parents[3] / "docs" / "admin.md").read_text("utf-8")


@pytest.mark.parametrize("name", [*commands.ADMIN, "quota"])
def test_every_command_of_admins_is_explained(name: str) -> None:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `/")]
    assert [row for row in rows if f"`/{name}" in row]


def test_settings_that_the_page_names_are_there() -> None:
    for name in ("default_utc_offset_min", "keep_results_days", "max_favourites_per_user"):
        assert f"`{name}`" in PAGE
        assert name in {**MessageSettings.model_fields, **StorageSettings.model_fields}
