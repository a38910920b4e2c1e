"""Every act of an admin is on record, in order."""

from __future__ import annotations

import pytest
from aiogram import types
from sqlalchemy.exc import IntegrityError

from bot.database.audit import Audit
from bot.database.engine import Database
from bot.database.users import Users
from tests.bot.queue.queue_world import NOON, FakeClock


@pytest.fixture
async def audit(database: Database, clock: FakeClock) -> Audit:
    """The record of a bot that knows the users 1 and 2."""
    for user_id in (1, 2):
        await Users(database, clock).seen(types.User(id=user_id, is_bot=False, first_name="A"))
    return Audit(database, clock)


async def test_the_newest_acts_come_first(audit: Audit, clock: FakeClock) -> None:
    first = await audit.record(1, "ban", 2, "spam")
    clock.advance(60)
    second = await audit.record(1, "maintenance", None, "on")
    assert (first.admin_id, first.action, first.target_user_id, first.details) == (1, "ban", 2, "spam")
    assert (first.at, second.at) == (NOON, clock.now)
    assert await audit.latest() == [second, first]
    assert await audit.latest(limit=1) == [second]


async def test_nobody_is_on_record_whom_the_bot_does_not_know(audit: Audit) -> None:
    with pytest.raises(IntegrityError):
        await audit.record(404, "ban", 2)
    with pytest.raises(IntegrityError):
        await audit.record(1, "ban", 404)
    assert await audit.latest() == []
