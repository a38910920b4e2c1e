"""Conversation state survives a restart and stays apart per chat, user, thread and purpose."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import StorageKey
from sqlalchemy import func, select

from bot.database.engine import Database
from bot.database.models import ConversationState
from bot.database.storage import DatabaseStorage

KEY = StorageKey(bot_id=1, chat_id=-100, user_id=7)


class Form(StatesGroup):
    prompt = State()


async def test_state_and_data_are_there_after_a_restart(database: Database) -> None:
    before = DatabaseStorage(database)
    await before.set_state(KEY, Form.prompt)
    await before.set_data(KEY, {"prompt": "круг", "n": 2})
    after = DatabaseStorage(database)
    assert await after.get_state(KEY) == "Form:prompt"
    assert await after.get_data(KEY) == {"prompt": "круг", "n": 2}
    assert await after.get_value(KEY, "n") == 2


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, bot_id=2),
        replace(KEY, chat_id=5),
        replace(KEY, user_id=8),
        replace(KEY, thread_id=3),
        replace(KEY, business_connection_id="b"),
        replace(KEY, destiny="settings"),
    ],
)
async def test_conversations_do_not_see_each_other(database: Database, other: StorageKey) -> None:
    storage = DatabaseStorage(database)
    await storage.set_state(KEY, "a")
    await storage.set_data(KEY, {"a": 1})
    assert await storage.get_state(other) is None
    assert await storage.get_data(other) == {}
    await storage.set_state(other, "b")
    assert await storage.get_state(KEY) == "a"


async def test_updates_at_the_same_time_lose_nothing(database: Database) -> None:
    storage = DatabaseStorage(database)
    await asyncio.gather(*(storage.update_data(KEY, {str(number): number}) for number in range(10)))
    assert await storage.get_data(KEY) == {str(number): number for number in range(10)}


async def test_a_finished_conversation_leaves_no_row(database: Database) -> None:
    storage = DatabaseStorage(database)
    await storage.set_state(KEY, "a")
    await storage.set_data(KEY, {"a": 1})
    await storage.set_state(KEY, None)
    assert await storage.get_data(KEY) == {"a": 1}
    await storage.set_data(KEY, {})
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(ConversationState)) == 0
    await storage.close()
