"""Connections and transactions, with the settings of docs/adr/0001-database-settings.md."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, Protocol, cast

from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

_WRITES: Final = "database_writes"  # execution option: the transaction takes the write lock when it begins

# busy_timeout comes first: switching to WAL itself may have to wait for another process.
SQLITE_PRAGMAS: Final = (
    ("busy_timeout", "10000"),  # ms
    ("journal_mode", "WAL"),  # readers never wait for the writer
    ("synchronous", "FULL"),  # a commit is on disk before Telegram hears of it, even if the power fails
    ("foreign_keys", "ON"),
    ("secure_delete", "ON"),  # what is deleted is overwritten
    ("cache_size", "-16000"),  # KiB
    ("temp_store", "MEMORY"),
    ("mmap_size", "134217728"),  # bytes
    ("journal_size_limit", "67108864"),  # bytes
)


class _HasIsolationLevel(Protocol):
    isolation_level: str | None


class _Connection(sqlite3.Connection):
    """A connection that is gone when it is closed, with its locks and its transaction.

    SQLite keeps a closed connection until its last statement is gone. A task that is cancelled while it reads leaves
    one in its traceback, for as long as somebody holds that.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._cursors: weakref.WeakSet[sqlite3.Cursor] = weakref.WeakSet()

    def cursor(self, factory: Any = sqlite3.Cursor) -> Any:
        opened = super().cursor(factory)
        self._cursors.add(opened)
        return opened

    def close(self) -> None:
        for cursor in self._cursors:
            cursor.close()
        super().close()


class Database:
    """One database: `read()` sees a snapshot, `write()` is a transaction that commits on leaving.

    On SQLite, writers of this process queue on a lock of their own, first come first served, instead of polling the
    file's lock; other processes are waited for with `busy_timeout`.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        # Parameters are prompts and updates: without hiding them, an error would carry them into the log.
        self.engine: AsyncEngine = create_async_engine(
            parsed, hide_parameters=True, connect_args={"factory": _Connection} if self.is_sqlite else {}
        )
        if self.is_sqlite:
            _set_up_sqlite(self.engine)
        self._readers = async_sessionmaker(self.engine, expire_on_commit=False)
        self._writers = async_sessionmaker(self.engine.execution_options(**{_WRITES: True}), expire_on_commit=False)
        self._write_lock = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads."""
        async with self._readers() as session:
            yield session

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction that may write: committed when the block ends, rolled back when it raises."""
        guard = self._write_lock if self.is_sqlite else contextlib.nullcontext()
        async with guard, self._writers.begin() as session:
            yield session

    @contextlib.asynccontextmanager
    async def rebuild(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may change the schema, without foreign keys on the way and checked at its end.

        SQLite changes a table by copying it and dropping the old one; with foreign keys on, the drop would delete or
        refuse the rows that point at it.
        """
        async with self._write_lock, self.engine.connect() as pooled:
            connection = await pooled.execution_options(**{_WRITES: True})
            if self.is_sqlite:
                await connection.run_sync(_without_foreign_keys)
            try:
                async with connection.begin():
                    yield connection
                    if self.is_sqlite and (await connection.exec_driver_sql("PRAGMA foreign_key_check")).first():
                        raise IntegrityError("PRAGMA foreign_key_check", None, Exception("rows point at nothing"))
            finally:
                await connection.invalidate()  # its settings are not those of the pool

    async def scrub(self) -> bool:
        """Rewrite the file from what is stored now; False when readers kept the old parts and it has to be repeated.

        secure_delete overwrites rows, but not the copies of them that moves between pages left behind, nor the
        write-ahead log. Writers wait meanwhile. A PostgreSQL server does this by itself.
        """
        if not self.is_sqlite:
            return True
        async with self._write_lock, self.engine.connect() as connection:
            try:
                return await connection.run_sync(_rewrite)
            finally:
                await connection.invalidate()  # its settings are not those of the pool

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _without_foreign_keys(connection: Connection) -> None:
    """Set what SQLite ignores once a transaction has begun."""
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA foreign_keys=OFF")
    cursor.close()


def _rewrite(connection: Connection) -> bool:
    """Do outside of any transaction what SQLite refuses within one."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute("PRAGMA temp_store=FILE")  # the copy may be larger than the memory
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA busy_timeout=250")  # ms that a reader may hold up all writers
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        checkpoint = cursor.fetchone()
        return checkpoint is not None and bool(checkpoint[0] == 0)  # the first column: somebody was in the way
    finally:
        cursor.close()


def _set_up_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def set_pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cast(_HasIsolationLevel, connection).isolation_level = None  # BEGIN is ours, below, not the driver's
        cursor = connection.cursor()
        for name, value in SQLITE_PRAGMAS:
            cursor.execute(f"PRAGMA {name}={value}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred transaction that reads and then writes fails at once when somebody wrote in between; the busy
        # timeout does not help. So writers take the lock at the beginning.
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
