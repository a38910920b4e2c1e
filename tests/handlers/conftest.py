"""A sandbox, a running bot, and a pool that paints when the test says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.puppet import PuppetPool
from tests.studio import Stage, stage


@pytest.fixture
def pool() -> PuppetPool:
    return PuppetPool()


@pytest.fixture
def language() -> str:
    """What the admin speaks, unless a test speaks both."""
    return "en"


@pytest.fixture
async def scene(tmp_path: Path, pool: PuppetPool) -> AsyncIterator[Stage]:
    async with stage(tmp_path, pool) as scene:
        yield scene
