"""What the database says about jobs and credits, read beside the bot or after its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from bot.database.engine import Database
from bot.database.models import Artifact, CreditEntry, InboxUpdate, Job, Lane
from tests.crash.lives import PATIENCE_S


@dataclass(frozen=True, slots=True)
class Page:
    """All rows that matter, at one moment."""

    jobs: list[Job]
    ledger: list[CreditEntry]
    artifacts: list[Artifact]
    lanes: list[Lane]
    inbox: list[InboxUpdate]


class Books:
    """The bot's database, for reading."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self) -> Page:
        """Everything as it is now."""
        async with self._database.read() as session:
            return Page(
                jobs=list(await session.scalars(select(Job).order_by(Job.id))),
                ledger=list(await session.scalars(select(CreditEntry).order_by(CreditEntry.id))),
                artifacts=list(await session.scalars(select(Artifact))),
                lanes=list(await session.scalars(select(Lane))),
                inbox=list(await session.scalars(select(InboxUpdate))),
            )

    async def wait_for(self, holds: Callable[[Page], object]) -> Page:
        """The books as soon as a condition holds; another process writes them, so there is no event to wait for."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds(page := await self.page()):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return page


@contextlib.asynccontextmanager
async def books(data_dir: Path) -> AsyncIterator[Books]:
    """The books of a bot that has started at least once."""
    database = Database(f"sqlite+aiosqlite:///{data_dir / 'bot.sqlite3'}")
    try:
        yield Books(database)
    finally:
        await database.close()
