"""A database that people have used goes up and down without losing a row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from bot.database import migrate
from bot.database.engine import Database
from bot.database.users import Preferences, Users
from bot.queue.errors import NotEnoughCredits
from bot.queue.jobs import NewJob
from bot.queue.sql_queue import SqlJobQueue
from engines import tasks
from tests.bot.queue.queue_world import FakeClock, do_not_wait_for_the_disk

_AT = "2026-03-01 12:00:00.000000"
_ROWS = (
    "INSERT INTO users VALUES (1, 'Ann', 'ann', 'en', NULL, 180, 2.0, 50, 0, '{at}', '{at}')",
    "INSERT INTO users VALUES (2, 'Boris', NULL, 'ru', 'en', 0, 1.0, NULL, 1, '{at}', '{at}')",
    "INSERT INTO user_settings VALUES (1, 'kandinsky-3-flash', '16:9', '{at}')",
    "INSERT INTO jobs (id, user_id, idempotency_key, kind, task, model, size_key, language, chat_id, status,"
    " cancel_requested, attempt, cost_credits, cost_gpu_ms, lease_token, created_at, finished_at, delivered_at,"
    " result_message_id)"
    " VALUES (7, 1, 'a', 'text_to_image', '{{\"prompt\": \"p\"}}', 'm', 's', 'en', 1, 'delivered',"
    " 0, 1, 7, 900, 1, '{at}', '{at}', '{at}', 12)",
    "INSERT INTO jobs (id, user_id, idempotency_key, kind, task, model, size_key, language, chat_id, status,"
    " cancel_requested, attempt, cost_credits, cost_gpu_ms, lease_token, created_at)"
    " VALUES (9, 1, 'b', 'text_to_image', '{{}}', 'm', 's', 'en', 1, 'queued', 0, 0, 7, 900, 0, '{at}')",
    "INSERT INTO lanes VALUES (1, 5.0, 2.0, 9, 1, 900, 0)",
    "INSERT INTO artifacts VALUES (3, 7, 0, 'aa/a.png', 'image/png', 8, 8, 100, 'f', '{at}', NULL)",
    "INSERT INTO credit_ledger VALUES (1, 1, 7, -7, 'charge', '2026-03-01', '{at}')",
    "INSERT INTO credit_ledger VALUES (2, 1, 9, -7, 'charge', '2026-03-01', '{at}')",
    "INSERT INTO credit_ledger VALUES (3, 1, NULL, 5, 'grant', '2026-03-01', '{at}')",
)
_TABLES = ("users", "user_settings", "jobs", "lanes", "artifacts", "credit_ledger", "sqlite_sequence")


@pytest.fixture
async def used(url: str) -> AsyncIterator[Database]:
    """A database of the first schema with users, jobs, files and credits."""
    database = Database(url)
    do_not_wait_for_the_disk(database)
    await migrate.migrate_database(database, "0001")
    async with database.write() as session:
        for row in _ROWS:
            await session.execute(text(row.format(at=_AT).replace(":", "\\:")))
    yield database
    await database.close()


async def _content(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    async with database.read() as session:
        return {
            table: [tuple(row) for row in await session.execute(text(f"SELECT * FROM {table} ORDER BY 1"))]
            for table in _TABLES
        }


async def test_every_row_survives_the_way_up_and_down(used: Database) -> None:
    before = await _content(used)
    assert [len(rows) for rows in before.values()] == [2, 1, 2, 1, 1, 3, 1]
    await migrate.migrate_database(used)
    await migrate.migrate_database(used, "0001")
    assert await _content(used) == before


async def test_users_keep_what_they_chose_and_get_the_defaults_of_the_rest(used: Database) -> None:
    await migrate.migrate_database(used)
    users = Users(used)
    flash, wide = tasks.Model.KANDINSKY_3_FLASH, tasks.AspectRatio.LANDSCAPE_16_9
    assert await users.preferences(1) == Preferences(flash, wide)
    ann, boris = await users.find(1), await users.find(2)
    assert ann is not None
    assert boris is not None
    assert (ann.daily_credits, ann.weight, ann.blocked_at, boris.is_banned) == (50, 2.0, None, True)


async def test_the_line_and_the_credits_go_on(used: Database) -> None:
    clock = FakeClock()
    await migrate.migrate_database(used)
    queue = SqlJobQueue(used, clock=clock)
    assert (await queue.credits(1)).left == 50 - 7 - 7 + 5
    lease = await queue.claim("worker", 30.0)
    assert lease is not None
    assert lease.job.id == 9
    await queue.fail(lease, "engine_failed", retryable=False)
    assert (await queue.credits(1)).left == 48
    task = tasks.TextToImage(prompt="p", seed=1)
    new = NewJob(1, task, 1, None, "en", "c", cost_credits=48, cost_gpu_ms=1, model="m", size_key="s")
    assert (await queue.submit(new)).job.id == 10, "ids are never used twice"
    with pytest.raises(NotEnoughCredits):
        await queue.submit(NewJob(1, task, 1, None, "en", "d", cost_credits=1, cost_gpu_ms=1, model="m", size_key="s"))
