"""Reactions: at most one emoji of a user or a bot on a message."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.store.database import Database


@dataclass(frozen=True, slots=True)
class Reaction:
    """What somebody put on a message."""

    message_id: int
    user_id: int
    emoji: str


class Reactions:
    """The table reactions."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of(self, message_id: int, user_id: int) -> str | None:
        """Returns the emoji of one user on a message."""
        return self._db.text("SELECT emoji FROM reactions WHERE message_id = ? AND user_id = ?", (message_id, user_id))

    def put(self, message_id: int, user_id: int, emoji: str | None) -> None:
        """Sets the emoji of one user on a message; None takes it away."""
        if emoji is None:
            self._db.run("DELETE FROM reactions WHERE message_id = ? AND user_id = ?", (message_id, user_id))
            return
        self._db.run(
            "INSERT INTO reactions VALUES (?, ?, ?) "
            "ON CONFLICT (message_id, user_id) DO UPDATE SET emoji = excluded.emoji",
            (message_id, user_id, emoji),
        )

    def in_chat(self, chat_id: int) -> list[Reaction]:
        """Returns the reactions on the messages of a chat."""
        rows = self._db.rows(
            "SELECT message_id, user_id, emoji FROM reactions JOIN messages ON messages.id = message_id "
            "WHERE chat_id = ? AND deleted = 0 ORDER BY message_id, user_id",
            (chat_id,),
        )
        return [Reaction(int(row[0] or 0), int(row[1] or 0), str(row[2])) for row in rows]
