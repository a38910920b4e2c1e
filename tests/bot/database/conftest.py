"""A migrated database on a real file, and a clock that only moves when told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.database import migrate
from bot.database.engine import Database
from tests.bot.queue.queue_world import FakeClock


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a database that does not exist yet, in a folder that does not either."""
    return f"sqlite+aiosqlite:///{tmp_path / 'data' / 'bot.sqlite3'}"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """A database at the newest revision."""
    database = Database(url)
    await migrate.migrate_database(database)
    yield database
    await database.close()


@pytest.fixture
def clock() -> FakeClock:
    """A clock at a fixed noon."""
    return FakeClock()
