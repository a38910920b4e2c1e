"""Who is speaking: the user's row, settings and language, for every handler that asks for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, ErrorEvent, Message, TelegramObject, User

from bot.database.users import Users
from bot.texts import Texts

log = structlog.get_logger(__name__)


class PersonMiddleware(BaseMiddleware):
    """Gives handlers `person`, `preferences` and `t`; updates without a human sender, and of banned users, end here.

    A failure goes on, whoever met it: its handler writes the log.
    """

    def __init__(self, users: Users, texts: Texts) -> None:
        self._users = users
        self._texts = texts

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Look up the sender, then go on."""
        user: User | None = data.get("event_from_user")
        if user is None or user.is_bot:
            return await handler(event, data) if isinstance(event, ErrorEvent) else None
        person = await self._users.seen(user)
        if person.is_banned:
            log.info("banned_user_ignored", user_id=person.id)
            if isinstance(event, CallbackQuery):  # without an answer the button would seem to work for ever
                await event.answer()
            return None
        if person.blocked_at is not None and isinstance(event, Message) and event.chat.type == ChatType.PRIVATE:
            await self._users.set_blocked(person.id, False)  # only who has unblocked the bot can write to it
        data["person"] = person
        data["preferences"] = await self._users.preferences(person.id)
        data["t"] = self._texts.translator(person.language or person.language_code)
        return await handler(event, data)
