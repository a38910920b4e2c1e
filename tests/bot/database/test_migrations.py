"""Migrations go up, down and up again, and give exactly the tables of the models."""

from __future__ import annotations

import io
import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from bot.database import migrate
from bot.database.engine import Database
from bot.database.models import Base


def test_migrations_go_up_down_and_up_again(url: str) -> None:
    assert migrate.current(url) is None
    migrate.migrate(url)
    assert migrate.current(url) == migrate.head()
    migrate.migrate(url)
    migrate.migrate(url, "base")
    assert migrate.current(url) is None
    migrate.migrate(url)
    assert migrate.current(url) == migrate.head()


async def test_going_down_leaves_nothing_behind(database: Database) -> None:
    await migrate.migrate_database(database, "base")
    async with database.read() as session:
        left = await session.scalars(text("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"))
        assert left.all() == ["alembic_version"]


async def test_the_migrated_schema_is_the_schema_of_the_models(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))

    async with database.read() as session:
        assert await (await session.connection()).run_sync(differences) == []


async def test_the_migrated_checks_are_the_checks_of_the_models(database: Database, url: str) -> None:
    """What autogenerate does not compare: CHECKs, partial indexes, AUTOINCREMENT. So the statements are."""
    fresh = Database(url.replace("bot.sqlite3", "fresh.sqlite3"))
    async with fresh.rebuild() as connection:
        await connection.run_sync(Base.metadata.create_all)
    statements = []
    for each in (database, fresh):
        async with each.read() as session:
            rows = await session.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
            statements.append({name: _parts(sql) for name, sql in rows if name != "alembic_version"})
    await fresh.close()
    assert statements[0] == statements[1]


def _parts(sql: str) -> list[str]:
    """The parts of a statement; SQLite quotes the name of a copied table, and adds columns to the end of a line."""
    sql = re.sub(r'^CREATE TABLE "(\w+)"', r"CREATE TABLE \1", sql)
    parts = (part.strip(" \t,)") for part in re.split(r"\n|, ", sql.replace("(\n", "\n")))
    return sorted(part for part in parts if part)


@pytest.mark.parametrize("way", ["upgrade", "downgrade"])
def test_postgresql_changes_its_tables_in_place(way: str) -> None:
    """A copy, as SQLite needs it, would break the foreign keys of a server. Offline, a copy is refused by Alembic."""
    statements = io.StringIO()
    offline = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": statements})
    with Operations.context(offline):
        for step in ScriptDirectory(str(migrate.SCRIPTS)).walk_revisions():
            getattr(step.module, way)()
    assert "ALTER TABLE users" in statements.getvalue()


async def test_an_unknown_revision_changes_nothing(database: Database) -> None:
    with pytest.raises(CommandError):
        await migrate.migrate_database(database, "no-such-revision")
    assert await migrate.current_revision(database) == migrate.head()


async def test_a_failed_migration_leaves_the_schema_as_it_was(database: Database) -> None:
    async def fail_on_the_way() -> None:
        async with database.rebuild() as connection:
            await connection.execute(text("DROP TABLE lanes"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_on_the_way()
    async with database.read() as session:
        assert (await session.execute(text("SELECT * FROM lanes"))).all() == []


async def test_a_migration_that_leaves_rows_pointing_at_nothing_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.rebuild() as connection:
            await connection.execute(
                text("INSERT INTO lanes (user_id, tag, weight, queued, queued_cost_gpu_ms, running) "
                     "VALUES (404, 0, 1, 0, 0, 0)")
            )  # fmt: skip
    async with database.write() as session:
        assert (await session.execute(text("SELECT * FROM lanes"))).all() == []
        assert await session.scalar(text("PRAGMA foreign_keys")) == 1
