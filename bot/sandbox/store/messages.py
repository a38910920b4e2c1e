"""Messages as Bot API objects: the payload is exactly what `GET .../messages` shows."""

from __future__ import annotations

from aiogram import types

from bot.sandbox.store.database import Database


class Messages:
    """The table messages. Ids grow over all chats together and are never used twice."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, message: types.Message, author_id: int) -> types.Message:
        """Stores a new message and returns it with its id."""
        with self._db.transaction():
            message_id = self._db.run(
                "INSERT INTO messages (chat_id, author_id, payload) VALUES (?, ?, '')", (message.chat.id, author_id)
            )
            numbered = message.model_copy(update={"message_id": message_id})
            self.save(numbered)
        return numbered

    def save(self, message: types.Message) -> None:
        """Overwrites a message with its edited form."""
        self._db.run("UPDATE messages SET payload = ? WHERE id = ?", (dump(message), message.message_id))

    def get(self, chat_id: int, message_id: int) -> types.Message | None:
        """Returns a message of this chat that is not deleted."""
        payload = self._db.text(
            "SELECT payload FROM messages WHERE id = ? AND chat_id = ? AND deleted = 0", (message_id, chat_id)
        )
        return None if payload is None else types.Message.model_validate_json(payload)

    def author_id(self, message_id: int) -> int | None:
        """Returns the id of the user or bot that wrote a message."""
        return self._db.number("SELECT author_id FROM messages WHERE id = ?", (message_id,))

    def delete(self, chat_id: int, message_id: int) -> bool:
        """Deletes a message; False when there was none."""
        changed = self._db.run(
            "UPDATE messages SET deleted = 1 WHERE id = ? AND chat_id = ? AND deleted = 0", (message_id, chat_id)
        )
        return changed > 0

    def payloads(self, chat_id: int, after_id: int) -> list[str]:
        """Returns the JSON of the messages with a greater id, oldest first."""
        rows = self._db.rows(
            "SELECT payload FROM messages WHERE chat_id = ? AND id > ? AND deleted = 0 ORDER BY id", (chat_id, after_id)
        )
        return [str(row[0]) for row in rows]


def dump(message: types.Message) -> str:
    """Returns the Bot API JSON of a message."""
    return message.model_dump_json(by_alias=True, exclude_none=True)
