"""Pressed buttons and what the bot answered."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from pydantic import BaseModel

from bot.sandbox.store.database import Database


class Answer(BaseModel):
    """What the user sees after pressing: a toast, an alert, or a page to open."""

    text: str | None = None
    show_alert: bool | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Press:
    """One press of one button."""

    id: str
    bot_id: int
    from_id: int
    chat_id: int
    message_id: int
    pressed_at: float
    answer: Answer | None


class Callbacks:
    """The table callbacks."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, *, bot_id: int, from_id: int, chat_id: int, message_id: int, pressed_at: float) -> str:
        """Stores a press and returns its query id, a decimal number as in Telegram."""
        query_id = str(secrets.randbits(62) | 1 << 62)
        self._db.run(
            "INSERT INTO callbacks VALUES (?, ?, ?, ?, ?, ?, NULL)",
            (query_id, bot_id, from_id, chat_id, message_id, pressed_at),
        )
        return query_id

    def get(self, query_id: str) -> Press | None:
        """Returns a press."""
        row = self._db.row("SELECT * FROM callbacks WHERE id = ?", (query_id,))
        if row is None:
            return None
        answer = None if row[6] is None else Answer.model_validate_json(str(row[6]))
        bot_id, from_id, chat_id, message_id = (int(value or 0) for value in row[1:5])
        return Press(str(row[0]), bot_id, from_id, chat_id, message_id, float(row[5] or 0), answer)

    def answer(self, query_id: str, answer: Answer) -> None:
        """Stores the answer to a press."""
        payload = answer.model_dump_json(exclude_none=True)
        self._db.run("UPDATE callbacks SET answer = ? WHERE id = ?", (payload, query_id))
