"""Messages as Bot API objects: the payload is exactly what `GET .../messages` shows.

An ephemeral message is a row like any other, numbered in the same series; its object carries that number as
`ephemeral_message_id` and 0 as `message_id`, and the table whispers says who received it.
"""

from __future__ import annotations

from aiogram import types

from bot.sandbox.store.database import Database, Value

NOT_WHISPERED = "NOT EXISTS (SELECT 1 FROM whispers WHERE whispers.message_id = messages.id)"


class Messages:
    """The tables messages and whispers. Ids grow over all chats together and are never used twice."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, message: types.Message, author_id: int) -> types.Message:
        """Stores a new message and returns it with its id; one with a `receiver_user` is ephemeral."""
        with self._db.transaction():
            row_id = self._db.run(
                "INSERT INTO messages (chat_id, author_id, payload) VALUES (?, ?, '')", (message.chat.id, author_id)
            )
            receiver = message.receiver_user
            if receiver is not None:
                self._db.run("INSERT INTO whispers VALUES (?, ?)", (row_id, receiver.id))
            name = "message_id" if receiver is None else "ephemeral_message_id"
            numbered = message.model_copy(update={name: row_id})
            self.save(numbered)
        return numbered

    def save(self, message: types.Message) -> None:
        """Overwrites a message with its edited form."""
        self._db.run("UPDATE messages SET payload = ? WHERE id = ?", (dump(message), row_id_of(message)))

    def get(self, chat_id: int, message_id: int) -> types.Message | None:
        """Returns a message of this chat that is not deleted and that everybody sees."""
        return self._one(f"id = ? AND chat_id = ? AND {NOT_WHISPERED}", (message_id, chat_id))

    def whispered(self, chat_id: int, receiver_id: int, ephemeral_id: int) -> types.Message | None:
        """Returns an ephemeral message of this chat to this user that is not deleted."""
        return self._one(
            "id = ? AND chat_id = ? AND id IN (SELECT message_id FROM whispers WHERE receiver_id = ?)",
            (ephemeral_id, chat_id, receiver_id),
        )

    def author_id(self, row_id: int) -> int | None:
        """Returns the id of the user or bot that wrote a message."""
        return self._db.number("SELECT author_id FROM messages WHERE id = ?", (row_id,))

    def delete(self, chat_id: int, row_id: int) -> bool:
        """Deletes a message; False when there was none."""
        changed = self._db.run(
            "UPDATE messages SET deleted = 1 WHERE id = ? AND chat_id = ? AND deleted = 0", (row_id, chat_id)
        )
        return changed > 0

    def payloads(self, chat_id: int, after_id: int, viewer_id: int | None = None) -> list[str]:
        """Returns the JSON of the messages with a greater id, oldest first: all, or what one user sees."""
        rows = self._db.rows(
            "SELECT payload FROM messages LEFT JOIN whispers ON message_id = id "
            "WHERE chat_id = ? AND id > ? AND deleted = 0 AND (receiver_id IS NULL OR ? IS NULL OR receiver_id = ?) "
            "ORDER BY id",
            (chat_id, after_id, viewer_id, viewer_id),
        )
        return [str(row[0]) for row in rows]

    def _one(self, condition: str, parameters: tuple[Value, ...]) -> types.Message | None:
        payload = self._db.text(f"SELECT payload FROM messages WHERE {condition} AND deleted = 0", parameters)
        return None if payload is None else types.Message.model_validate_json(payload)


def row_id_of(message: types.Message) -> int:
    """Returns the number of a message, ephemeral or not."""
    return message.message_id if message.ephemeral_message_id is None else message.ephemeral_message_id


def dump(message: types.Message) -> str:
    """Returns the Bot API JSON of a message."""
    return message.model_dump_json(by_alias=True, exclude_none=True)
