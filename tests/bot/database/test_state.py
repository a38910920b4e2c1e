"""Switches survive a restart."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from bot.database.engine import Database
from bot.database.state import BotState
from tests.bot.queue.queue_world import FakeClock


@pytest.mark.parametrize("value", [True, 0, "закрыто", ["a", 1.5], {"on": False, "text": "soon"}])
async def test_a_value_is_there_for_the_next_process(database: Database, url: str, value: JsonValue) -> None:
    await BotState(database).put("maintenance", "before")
    await BotState(database).put("maintenance", value)
    next_process = Database(url)
    assert await BotState(next_process).get("maintenance") == value
    await next_process.close()


async def test_a_switch_that_was_removed_or_never_set_is_none(database: Database, clock: FakeClock) -> None:
    state = BotState(database, clock)
    await state.put("a", 1)
    await state.put("b", 2)
    await state.put("a", None)
    await state.put("a", None)
    assert (await state.get("a"), await state.get("b"), await state.get("c")) == (None, 2, None)
