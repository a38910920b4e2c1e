"""Connections have the chosen settings; transactions neither lose nor mix."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, make_url, select, text, update
from sqlalchemy.exc import IntegrityError

from bot.database.engine import Database
from bot.database.models import QueueClock


async def test_every_connection_has_the_chosen_settings(url: str) -> None:
    database = Database(url)
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "secure_delete": 1,
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


class SlowFunction:
    """A function in SQL that returns when the test says so."""

    def __init__(self) -> None:
        self._called, self._may_return = threading.Event(), threading.Event()

    def __call__(self) -> int:
        self._called.set()
        self._may_return.wait()
        return 1

    async def cancel_while_it_runs(self, work: Coroutine[Any, Any, None]) -> BaseException:
        """Returns the cancellation; its traceback holds the statement, which has a row to come."""
        task = asyncio.create_task(work)
        await asyncio.to_thread(self._called.wait)
        task.cancel()
        self._may_return.set()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await task
        return cancelled.value


async def test_a_writer_cancelled_while_it_reads_frees_the_file(database: Database) -> None:
    slowly = SlowFunction()

    async def read_slowly() -> None:
        async with database.write() as session:
            connection = await session.connection()
            await connection.run_sync(lambda sync: sync.connection.create_function("slowly", 0, slowly))
            await session.execute(text("SELECT slowly()"))

    cancelled = await slowly.cancel_while_it_runs(read_slowly())
    await _add_one(database)
    assert cancelled.__traceback__ is not None


async def test_a_connection_cancelled_while_it_opens_frees_the_file(database: Database) -> None:
    slowly = SlowFunction()

    async def connect() -> None:
        async with database.read() as session:
            await session.connection()

    def read_slowly(connection: Any, _: object) -> None:
        connection.create_function("slowly", 0, slowly)
        connection.cursor().execute("SELECT slowly() FROM queue_clock")

    event.listen(database.engine.sync_engine, "connect", read_slowly)
    cancelled = await slowly.cancel_while_it_runs(connect())
    event.remove(database.engine.sync_engine, "connect", read_slowly)
    await _add_one(database)
    assert await database.scrub() is True, "nobody reads the old parts any more"
    assert cancelled.__traceback__ is not None


async def test_a_row_that_points_at_nothing_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            await session.execute(
                text(
                    "INSERT INTO user_settings (user_id, model, aspect_ratio, updated_at)"
                    " VALUES (404, 'kandinsky-3', '1:1', '2026-01-01 00:00:00')"
                )
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


async def test_a_scrubbed_file_holds_no_copy_of_what_was_deleted(database: Database, url: str) -> None:
    """Rows that grow move between pages; secure_delete overwrites rows, not the copies that such moves leave."""
    chance = random.Random(7)
    async with database.write() as session:
        await session.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, owner INTEGER, text TEXT)"))
        for number in range(400):
            note = ("a secret wish " if number % 2 else "a known wish ") + "x" * chance.randrange(600)
            values = {"id": chance.randrange(10**9), "owner": number % 2, "text": note}
            await session.execute(text("INSERT INTO notes VALUES (:id, :owner, :text)"), values)
            grown = {"id": values["id"], "text": note + "y" * chance.randrange(900)}
            await session.execute(text("UPDATE notes SET text = :text WHERE id = :id"), grown)
        await session.execute(text("DELETE FROM notes WHERE owner = 1"))
    async with database.read() as session:
        await session.execute(text("SELECT 1 FROM notes"))  # somebody still looks at the old parts
        assert await database.scrub() is False
    assert await database.scrub() is True
    folder = Path(make_url(url).database or "").parent
    content = b"".join(path.read_bytes() for path in folder.iterdir())
    assert (b"a secret wish" in content, b"a known wish" in content) == (False, True)
    async with database.write() as session:
        assert await session.scalar(text("PRAGMA foreign_keys")) == 1, "a pooled connection keeps its settings"
