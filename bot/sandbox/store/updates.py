"""Updates that a bot has not acknowledged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from aiogram import types
from pydantic import JsonValue

from bot.sandbox.store.database import Database
from bot.sandbox.store.people import BOT_TO_COME


@dataclass(frozen=True, slots=True)
class PendingUpdate:
    """One update as it is sent: its id and its whole JSON object."""

    update_id: int
    body: dict[str, JsonValue]


class Updates:
    """The table updates."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, bot_id: int, update: types.Update) -> int:
        """Queues an update for a bot and returns the id that replaces the one given."""
        payload = update.model_dump_json(by_alias=True, exclude_none=True, exclude={"update_id"})
        return self._db.run("INSERT INTO updates (bot_id, payload) VALUES (?, ?)", (bot_id, payload))

    def pending(self, bot_id: int, *, limit: int = 100, excluding: Sequence[int] = ()) -> list[PendingUpdate]:
        """Returns the oldest unacknowledged updates."""
        marks = ",".join("?" * len(excluding))
        rows = self._db.rows(
            f"SELECT id, payload FROM updates WHERE bot_id = ? AND id NOT IN ({marks}) ORDER BY id LIMIT ?",
            (bot_id, *excluding, limit),
        )
        return [PendingUpdate(int(row[0] or 0), {"update_id": row[0], **json.loads(str(row[1]))}) for row in rows]

    def count(self, bot_id: int) -> int:
        """Returns how many updates wait for a bot."""
        return self._db.number("SELECT count(*) FROM updates WHERE bot_id = ?", (bot_id,)) or 0

    def acknowledge_below(self, bot_id: int, update_id: int) -> None:
        """Forgets the updates with smaller ids."""
        self._db.run("DELETE FROM updates WHERE bot_id = ? AND id < ?", (bot_id, update_id))

    def acknowledge(self, bot_id: int, update_id: int) -> None:
        """Forgets one update."""
        self._db.run("DELETE FROM updates WHERE bot_id = ? AND id = ?", (bot_id, update_id))

    def keep_last(self, bot_id: int, count: int) -> None:
        """Forgets all but the newest `count` updates."""
        self._db.run(
            "DELETE FROM updates WHERE bot_id = ? AND id NOT IN "
            "(SELECT id FROM updates WHERE bot_id = ? ORDER BY id DESC LIMIT ?)",
            (bot_id, bot_id, count),
        )

    def adopt(self, bot_id: int) -> None:
        """Gives a bot what was written before any bot had called."""
        self._db.run("UPDATE updates SET bot_id = ? WHERE bot_id = ?", (bot_id, BOT_TO_COME))
