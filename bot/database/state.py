"""Switches of the whole bot that survive a restart, as JSON values under a name."""

from __future__ import annotations

import json

from pydantic import JsonValue

from bot.clock import Clock, utc_now
from bot.database.engine import Database
from bot.database.models import BotStateEntry


class BotState:
    """Named values. What is kept here belongs to the bot, never to a user."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def get(self, key: str) -> JsonValue:
        """The value, or None when there is none."""
        async with self._database.read() as session:
            entry = await session.get(BotStateEntry, key)
            if entry is None:
                return None
            value: JsonValue = json.loads(entry.value)
            return value

    async def put(self, key: str, value: JsonValue) -> None:
        """Keep a value; None removes it."""
        async with self._database.write() as session:
            entry = await session.get(BotStateEntry, key)
            if value is None:
                if entry is not None:
                    await session.delete(entry)
                return
            text = json.dumps(value, ensure_ascii=False)
            if entry is None:
                session.add(BotStateEntry(key=key, value=text, updated_at=self._clock()))
            else:
                entry.value, entry.updated_at = text, self._clock()
