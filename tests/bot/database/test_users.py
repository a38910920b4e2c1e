"""User rows and settings."""

from __future__ import annotations

from aiogram import types

from bot.database.engine import Database
from bot.database.users import Preferences, Users
from engines import tasks
from tests.bot.queue.queue_world import FakeClock


def _ann(**changes: str) -> types.User:
    return types.User(**({"id": 7_000_000_001, "is_bot": False, "first_name": "Ann", "language_code": "ru"} | changes))


async def test_the_first_update_of_a_user_makes_the_row_and_later_ones_refresh_it(
    database: Database, clock: FakeClock
) -> None:
    users = Users(database, clock)
    first = await users.seen(_ann())
    assert (first.id, first.first_name, first.language, first.weight) == (7_000_000_001, "Ann", None, 1.0)
    clock.advance(10)
    assert (await users.seen(_ann(username="ann"))).username == "ann"
    clock.advance(3600)
    later = await users.seen(_ann(username="ann"))
    assert (later.created_at, later.last_seen_at) == (first.created_at, clock.now)
    assert await users.find(later.id) == later


async def test_being_seen_again_within_a_minute_writes_nothing(database: Database, clock: FakeClock) -> None:
    users = Users(database, clock)
    first = await users.seen(_ann())
    clock.advance(59)
    assert await users.seen(_ann()) == first


async def test_what_a_user_or_an_admin_sets_survives_the_next_update(database: Database, clock: FakeClock) -> None:
    users = Users(database, clock)
    ann = await users.seen(_ann())
    await users.set_language(ann.id, "en")
    await users.set_utc_offset(ann.id, 180)
    await users.set_banned(ann.id, True)
    await users.set_weight(ann.id, 2.5)
    await users.set_daily_credits(ann.id, 50)
    clock.advance(3600)
    kept = await users.seen(_ann(language_code="de"))
    assert (kept.language, kept.language_code, kept.utc_offset_min) == ("en", "de", 180)
    assert (kept.is_banned, kept.weight, kept.daily_credits) == (True, 2.5, 50)


async def test_preferences_are_the_defaults_until_chosen(database: Database, clock: FakeClock) -> None:
    defaults = Preferences(tasks.Model.KANDINSKY_3_FLASH, tasks.AspectRatio.SQUARE)
    users = Users(database, clock, defaults)
    ann = await users.seen(_ann())
    assert await users.preferences(ann.id) == defaults
    for chosen in (
        Preferences(tasks.Model.KANDINSKY_3, tasks.AspectRatio.PORTRAIT_9_16),
        Preferences(tasks.Model.KANDINSKY_3_FLASH, tasks.AspectRatio.LANDSCAPE_3_2),
    ):
        await users.save_preferences(ann.id, chosen)
        assert await users.preferences(ann.id) == chosen


async def test_nobody_is_nobody(database: Database) -> None:
    assert await Users(database).find(404) is None
