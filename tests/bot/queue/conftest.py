"""A fresh queue for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.queue.queue_world import World, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A queue with the default limits."""
    async with open_world(tmp_path) as world:
        yield world
