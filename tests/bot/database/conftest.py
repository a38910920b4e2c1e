"""A migrated database on a real file, and a clock that only moves when told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.database import migrate
from bot.database.engine import Database
from tests.bot.queue.queue_world import FakeClock, do_not_wait_for_the_disk


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a database that does not exist yet, in a folder that does not either."""
    return f"sqlite+aiosqlite:///{tmp_path / 'data' / 'bot.sqlite3'}"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a database at the newest revision; copying it is faster than migrating for each test."""
    path = tmp_path_factory.mktemp("migrated") / "bot.sqlite3"
    migrate.migrate(f"sqlite+aiosqlite:///{path}")
    return path.read_bytes()


@pytest.fixture
async def database(url: str, tmp_path: Path, migrated: bytes) -> AsyncIterator[Database]:
    """A database at the newest revision."""
    path = tmp_path / "data" / "bot.sqlite3"
    path.parent.mkdir()
    path.write_bytes(migrated)
    database = Database(url)
    do_not_wait_for_the_disk(database)
    yield database
    await database.close()


@pytest.fixture
def clock() -> FakeClock:
    """A clock at a fixed noon."""
    return FakeClock()
