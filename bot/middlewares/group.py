"""Groups: what is not for the bot ends here, unseen and unstored; what it answers is for the asker alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.types import CallbackQuery, Message, TelegramObject

from bot import groups, whispering
from bot.whispering import Asker


class GroupMiddleware(BaseMiddleware):
    """Gives handlers of group messages `words`; comes before anything that looks up or notes the sender."""

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Go on with what is for the bot."""
        asker = None
        if isinstance(event, Message) and groups.is_group(event):
            bot: Bot = data["bot"]
            data["words"] = groups.words_for_bot(event, await bot.me())
            if data["words"] is None or event.from_user is None:
                return None
            asker = Asker(event.chat.id, event.from_user.id, message_id=event.message_id)
        elif isinstance(event, CallbackQuery) and isinstance(event.message, Message) and groups.is_group(event.message):
            asker = Asker(
                event.message.chat.id,
                event.from_user.id,
                callback_query_id=event.id,
                ephemeral_message_id=event.message.ephemeral_message_id,
            )
        if asker is None:
            return await handler(event, data)
        with whispering.to(asker):
            return await handler(event, data)
