"""Bringing the schema to a revision, from the program instead of a configuration file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.database.engine import Database

# migrations/ stands beside bot/, in a checkout as well as where packages are installed.
SCRIPTS: Final = Path(__file__).resolve().parents[2] / "migrations"


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database at `url` up or down to a revision; for callers without an event loop."""

    async def run() -> None:
        database = Database(url)
        try:
            await migrate_database(database, revision)
        finally:
            await database.close()

    asyncio.run(run())


def current(url: str) -> str | None:
    """The revision of the database at `url`, or None for an empty one; for callers without an event loop."""

    async def run() -> str | None:
        database = Database(url)
        try:
            return await current_revision(database)
        finally:
            await database.close()

    return asyncio.run(run())


def head() -> str:
    """The newest revision that this program knows."""
    revision = ScriptDirectory(str(SCRIPTS)).get_current_head()
    assert revision is not None, "migrations/versions is empty"
    return revision


async def migrate_database(database: Database, revision: str = "head") -> None:
    """Bring the schema up or down to a revision, all in one transaction; "base" empties the database."""
    async with database.rebuild() as connection:
        await connection.run_sync(_to_revision, revision)


async def current_revision(database: Database) -> str | None:
    """The revision of the schema, or None when the database is empty."""
    async with database.read() as session:
        return await (await session.connection()).run_sync(_revision_of)


def _revision_of(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _to_revision(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    below = {"base"}
    present = _revision_of(connection)
    if present is not None:
        scripts = ScriptDirectory.from_config(config)
        below.update(step.revision for step in scripts.iterate_revisions(present, "base"))
    if revision in below:
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
