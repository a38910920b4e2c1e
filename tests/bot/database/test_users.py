"""User rows and settings."""

from __future__ import annotations

from aiogram import types
from sqlalchemy import insert

from bot.database import models
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
        Preferences(refine=True, style="outline", negative_prompt="текст", count=4, seed=tasks.SEED_LIMIT - 1),
        Preferences(seed=0),
    ):
        await users.save_preferences(ann.id, chosen)
        assert await users.preferences(ann.id) == chosen


async def test_nobody_is_nobody(database: Database) -> None:
    assert await Users(database).find(404) is None


async def test_a_user_is_found_by_name_in_any_case_of_letters(database: Database, clock: FakeClock) -> None:
    users = Users(database, clock)
    ann = await users.seen(_ann(username="Ann_Lee"))
    assert await users.by_name("ann_lee") == await users.by_name("@ANN_LEE") == ann
    assert await users.by_name("ann") is None
    clock.advance(60)
    later = await users.seen(types.User(id=8, is_bot=False, first_name="Another", username="ann_lee"))
    assert await users.by_name("@ann_lee") == later, "names move between people; the newest counts"


async def test_everyone_reachable_leaves_out_whoever_is_banned_or_has_blocked_the_bot(
    database: Database, clock: FakeClock
) -> None:
    users = Users(database, clock)
    numbers = range(1, 1202)  # more than is read at once, twice
    async with database.write() as session:
        await session.execute(
            insert(models.User),
            [{"id": n, "first_name": "U", "created_at": clock.now, "last_seen_at": clock.now} for n in numbers],
        )
    await users.set_banned(2, True)
    await users.set_blocked(500, True)
    assert (await _reachable(users)) == [n for n in numbers if n not in (2, 500)]
    blocked = await users.find(500)
    assert blocked is not None
    assert blocked.blocked_at == clock.now
    await users.set_banned(2, False)
    await users.set_blocked(500, False)
    assert (await _reachable(users)) == list(numbers)


async def _reachable(users: Users) -> list[int]:
    return [user_id async for user_id in users.everyone_reachable()]


async def test_the_clock_of_the_settings_holds_until_a_user_chooses(database: Database, clock: FakeClock) -> None:
    users = Users(database, clock, utc_offset_min=-300)
    ann = await users.seen(types.User(id=1, is_bot=False, first_name="Ann"))
    assert ann.utc_offset_min == -300
    for chosen, shown in ((0, 0), (345, 345), (None, -300)):
        await users.set_utc_offset(ann.id, chosen)
        found = await users.find(ann.id)
        assert found is not None
        assert found.utc_offset_min == shown
