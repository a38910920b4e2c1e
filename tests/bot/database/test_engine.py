"""Connections have the chosen settings; transactions neither lose nor mix."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from bot.database.engine import Database
from bot.database.models import QueueClock


async def test_every_connection_has_the_chosen_settings(url: str) -> None:
    database = Database(url)
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "busy_timeout": 10000,
        "temp_store": 2,  # MEMORY
    }
    async with database.read() as one, database.read() as another:
        for session in (one, another):
            for name, value in expected.items():
                assert await session.scalar(text(f"PRAGMA {name}")) == value
    await database.close()


async def _add_one(database: Database) -> None:
    async with database.write() as session:
        clock = (await session.scalars(select(QueueClock))).one()
        await asyncio.sleep(0)
        clock.virtual_time += 1


async def test_writers_of_one_process_and_of_two_lose_no_update(database: Database, url: str) -> None:
    """Read, then write: with deferred transactions the second writer would fail or overwrite."""
    other_process = Database(url)
    await asyncio.gather(*(_add_one(each) for each in (database, other_process) for _ in range(10)))
    await other_process.close()
    async with database.read() as session:
        assert await session.scalar(select(QueueClock.virtual_time)) == 20


async def test_a_reader_sees_one_moment_while_others_write(database: Database) -> None:
    async with database.read() as session:
        before = await session.scalar(select(QueueClock.virtual_time))
        await _add_one(database)
        assert await session.scalar(select(QueueClock.virtual_time)) == before


async def test_a_write_that_raises_changes_nothing_and_frees_the_lock(database: Database) -> None:
    async def fail_on_the_way() -> None:
        async with database.write() as session:
            await session.execute(update(QueueClock).values(virtual_time=5.0))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_on_the_way()
    await _add_one(database)
    async with database.read() as session:
        assert await session.scalar(select(QueueClock.virtual_time)) == 1


async def test_a_cancelled_writer_changes_nothing_and_frees_the_lock(database: Database) -> None:
    holding = asyncio.Event()

    async def hold() -> None:
        async with database.write() as session:
            await session.execute(update(QueueClock).values(virtual_time=5.0))
            holding.set()
            await asyncio.Event().wait()

    holder = asyncio.create_task(hold())
    await holding.wait()
    holder.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holder
    await _add_one(database)
    async with database.read() as session:
        assert await session.scalar(select(QueueClock.virtual_time)) == 1


async def test_a_row_that_points_at_nothing_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            await session.execute(
                text("INSERT INTO user_settings VALUES (404, 'kandinsky-3', '1:1', '2026-01-01 00:00:00')")
            )


async def test_committed_rows_are_there_for_the_next_process(database: Database, url: str) -> None:
    await _add_one(database)
    next_process = Database(url)
    async with next_process.read() as session:
        assert await session.scalar(select(QueueClock.virtual_time)) == 1
    await next_process.close()


async def test_an_error_of_the_database_does_not_quote_what_users_wrote(database: Database) -> None:
    """Errors reach the log; their parameters are prompts and updates."""
    with pytest.raises(IntegrityError) as caught:
        async with database.write() as session:
            await session.execute(
                text("INSERT INTO jobs (user_id, task) VALUES (:user, :task)"), {"user": 1, "task": "a secret wish"}
            )
    assert "a secret wish" not in str(caught.value)
