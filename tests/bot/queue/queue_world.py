"""A queue on a real SQLite file with a clock that only moves when told."""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiogram import types
from sqlalchemy import create_engine, event, insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from bot.database.engine import Database
from bot.database.models import Base, QueueClock
from bot.database.users import Users
from bot.queue.jobs import Lease, Limits, NewArtifact, NewJob
from bot.queue.sql_queue import SqlJobQueue
from engines import tasks

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LEASE_S = 30.0


class FakeClock:
    """A clock that moves by `advance` only."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class World:
    """A queue, its users, and short words for what tests do with them."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self.database = database
        self.limits = limits
        self.clock = FakeClock()
        self.queue = SqlJobQueue(database, limits, self.clock)
        self.users = Users(database, self.clock)
        self._keys = 0
        self._files = 0

    def reopen(self) -> None:
        """Go on with a new queue object, as after a restart."""
        self.queue = SqlJobQueue(self.database, self.limits, self.clock)

    async def user(self, user_id: int, *, weight: float = 1.0, utc_offset_min: int = 0) -> int:
        await self.users.seen(types.User(id=user_id, is_bot=False, first_name=f"User {user_id}"))
        await self.users.set_weight(user_id, weight)
        await self.users.set_utc_offset(user_id, utc_offset_min)
        return user_id

    def new_job(self, user_id: int, *, cost_ms: int = 1000, credits: int = 1, key: str | None = None) -> NewJob:
        if key is None:
            self._keys += 1
            key = f"key-{self._keys}"
        return NewJob(
            user_id=user_id,
            task=tasks.TextToImage(prompt="a red circle", seed=7),
            chat_id=user_id,
            reply_to_message_id=1,
            language="en",
            idempotency_key=key,
            cost_credits=credits,
            cost_gpu_ms=cost_ms,
            model="kandinsky-3",
            size_key=f"{cost_ms}",  # one class of work per cost, so that what is learned is what was predicted
        )

    async def submit(self, user_id: int, *, cost_ms: int = 1000, credits: int = 1, key: str | None = None) -> int:
        submitted = await self.queue.submit(self.new_job(user_id, cost_ms=cost_ms, credits=credits, key=key))
        return submitted.job.id

    async def claim(self, owner: str = "worker") -> Lease:
        lease = await self.queue.claim(owner, LEASE_S)
        assert lease is not None
        return lease

    async def finish(self, lease: Lease, gpu_ms: int | None = None) -> None:
        await self.queue.finish(lease, [self.artifact()], lease.job.cost_gpu_ms if gpu_ms is None else gpu_ms)

    def artifact(self) -> NewArtifact:
        self._files += 1
        return NewArtifact(f"results/{self._files}.png", "image/png", 128, 128, 1000, "0" * 64)


@functools.cache
def _empty_database() -> bytes:
    """The file of a database with tables and no rows; copying it is faster than making it for each test."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite3"
        engine = create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            Base.metadata.create_all(connection)
            connection.execute(insert(QueueClock).values(id=1, virtual_time=0.0))
        engine.dispose()
        return path.read_bytes()


def do_not_wait_for_the_disk(database: Database) -> None:
    """Let commits return before they are durable: these tests never lose power."""

    @event.listens_for(database.engine.sync_engine, "connect")
    def set_pragma(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.close()


@contextlib.asynccontextmanager
async def open_world(folder: Path, limits: Limits | None = None) -> AsyncIterator[World]:
    """A world on an empty database in a folder."""
    path = folder / "queue.sqlite3"
    path.write_bytes(_empty_database())
    database = Database(f"sqlite+aiosqlite:///{path}")
    do_not_wait_for_the_disk(database)
    try:
        yield World(database, limits or Limits())
    finally:
        await database.close()
