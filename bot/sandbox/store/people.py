"""Users, bots, chats and who is a member of what."""

from __future__ import annotations

import json
from dataclasses import dataclass

from aiogram import types

from bot.sandbox.store.database import Database

FIRST_USER_ID = 1000
BOT_TO_COME = 0  # stands for the first bot while none has called yet

MEMBER_STATUSES = ("creator", "administrator", "member")


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a bot wants its updates, and how it recognises them."""

    url: str
    secret_token: str | None = None
    max_connections: int = 40


class People:
    """The tables users, bots, chats, members and blocks."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # Users

    def add_user(self, user: types.User) -> None:
        """Stores a user and the private chat with the same id; a known id keeps its chat and takes the new names."""
        chat = types.Chat(id=user.id, type="private", first_name=user.first_name, username=user.username)
        with self._db.transaction():
            self._db.run(
                "INSERT INTO users VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET payload = excluded.payload",
                (user.id, _json(user)),
            )
            self._save_chat(chat)

    def user(self, user_id: int) -> types.User | None:
        """Returns a person; bots are not users here."""
        payload = self._db.text("SELECT payload FROM users WHERE id = ?", (user_id,))
        return None if payload is None else types.User.model_validate_json(payload)

    def users(self) -> list[types.User]:
        """Returns everybody, oldest id first."""
        return [
            types.User.model_validate_json(str(row[0]))
            for row in self._db.rows("SELECT payload FROM users ORDER BY id")
        ]

    def next_user_id(self) -> int:
        """Returns an id that no user has."""
        return max(FIRST_USER_ID, 1 + (self._db.number("SELECT max(id) FROM users") or 0))

    # Bots

    def add_bot(self, bot: types.User) -> None:
        """Stores a bot, or its new name."""
        self._db.run(
            "INSERT INTO bots (id, payload) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET payload = excluded.payload",
            (bot.id, _json(bot)),
        )

    def bot(self, bot_id: int) -> types.User | None:
        """Returns a bot as `getMe` describes it."""
        payload = self._db.text("SELECT payload FROM bots WHERE id = ?", (bot_id,))
        return None if payload is None else types.User.model_validate_json(payload)

    def bots(self) -> list[types.User]:
        """Returns every bot that ever called."""
        return [
            types.User.model_validate_json(str(row[0]))
            for row in self._db.rows("SELECT payload FROM bots ORDER BY rowid")
        ]

    def allowed_updates(self, bot_id: int) -> list[str] | None:
        """Returns the update types that a bot asked for; None stands for Telegram's default."""
        payload = self._db.text("SELECT allowed_updates FROM bots WHERE id = ?", (bot_id,))
        return None if payload is None else [str(kind) for kind in json.loads(payload)]

    def allow_updates(self, bot_id: int, kinds: list[str]) -> None:
        """Remembers the update types that a bot asked for; an empty list is Telegram's default."""
        self._db.run("UPDATE bots SET allowed_updates = ? WHERE id = ?", (json.dumps(kinds) if kinds else None, bot_id))

    def webhook(self, bot_id: int) -> Webhook | None:
        """Returns the webhook of a bot, if one is set."""
        payload = self._db.text("SELECT webhook FROM bots WHERE id = ?", (bot_id,))
        return None if payload is None else Webhook(**json.loads(payload))

    def set_webhook(self, bot_id: int, webhook: Webhook | None) -> None:
        """Sets or removes the webhook of a bot."""
        payload = None
        if webhook is not None:
            payload = json.dumps(
                {
                    "url": webhook.url,
                    "secret_token": webhook.secret_token,
                    "max_connections": webhook.max_connections,
                }
            )
        self._db.run("UPDATE bots SET webhook = ? WHERE id = ?", (payload, bot_id))

    # Chats

    def add_group(self, kind: str, title: str, *, is_forum: bool = False) -> types.Chat:
        """Stores a new group; supergroups take ids below -1000000000000, as in Telegram."""
        first = -1_000_000_000_001 if kind == "supergroup" else -1
        low, high = (-2_000_000_000_000, first) if kind == "supergroup" else (-1_000_000_000_000, first)
        lowest = self._db.number("SELECT min(id) FROM chats WHERE id BETWEEN ? AND ?", (low, high))
        chat = types.Chat(id=first if lowest is None else lowest - 1, type=kind, title=title, is_forum=is_forum or None)
        self._save_chat(chat)
        return chat

    def chat(self, chat_id: int) -> types.Chat | None:
        """Returns a private chat or a group."""
        payload = self._db.text("SELECT payload FROM chats WHERE id = ?", (chat_id,))
        return None if payload is None else types.Chat.model_validate_json(payload)

    def chats(self) -> list[types.Chat]:
        """Returns private chats and groups."""
        rows = self._db.rows("SELECT payload FROM chats ORDER BY id > 0, id DESC")
        return [types.Chat.model_validate_json(str(row[0])) for row in rows]

    def pin(self, chat_id: int, message_id: int | None) -> None:
        """Pins one message of a chat, or none."""
        self._db.run("UPDATE chats SET pinned_id = ? WHERE id = ?", (message_id, chat_id))

    def pinned_id(self, chat_id: int) -> int | None:
        """Returns the id of the pinned message."""
        return self._db.number("SELECT pinned_id FROM chats WHERE id = ?", (chat_id,))

    def _save_chat(self, chat: types.Chat) -> None:
        self._db.run(
            "INSERT INTO chats (id, payload) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET payload = excluded.payload",
            (chat.id, _json(chat)),
        )

    # Members

    def set_member(self, chat_id: int, user_id: int, status: str) -> None:
        """Makes a user or a bot a member of a group, or ends it."""
        self._db.run(
            "INSERT INTO members VALUES (?, ?, ?) "
            "ON CONFLICT (chat_id, user_id) DO UPDATE SET status = excluded.status",
            (chat_id, user_id, status),
        )

    def status(self, chat_id: int, user_id: int) -> str:
        """Returns the member status; everybody is a member of his own private chat."""
        if chat_id == user_id:
            return "member"
        return (
            self._db.text("SELECT status FROM members WHERE chat_id = ? AND user_id = ?", (chat_id, user_id)) or "left"
        )

    def is_member(self, chat_id: int, user_id: int) -> bool:
        """Says whether a user or a bot is in a chat now."""
        return self.status(chat_id, user_id) in MEMBER_STATUSES

    def members(self, chat_id: int) -> dict[int, str]:
        """Returns the present members of a group with their statuses."""
        rows = self._db.rows(
            "SELECT user_id, status FROM members "
            "WHERE chat_id = ? AND status IN ('creator', 'administrator', 'member')",
            (chat_id,),
        )
        return {int(row[0] or 0): str(row[1]) for row in rows}

    # Blocks

    def set_blocked(self, user_id: int, bot_id: int, blocked: bool) -> None:
        """Lets a user block a bot, or unblock it."""
        if blocked:
            self._db.run("INSERT OR IGNORE INTO blocks VALUES (?, ?)", (user_id, bot_id))
        else:
            self._db.run("DELETE FROM blocks WHERE user_id = ? AND bot_id = ?", (user_id, bot_id))

    def has_blocked(self, user_id: int, bot_id: int) -> bool:
        """Says whether a user has blocked a bot."""
        return self._db.row("SELECT 1 FROM blocks WHERE user_id = ? AND bot_id = ?", (user_id, bot_id)) is not None


def _json(thing: types.User | types.Chat) -> str:
    return thing.model_dump_json(by_alias=True, exclude_none=True)
