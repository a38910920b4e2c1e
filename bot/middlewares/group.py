"""Groups: what is not for the bot ends here, unseen and unstored; what it answers is for the asker alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.types import CallbackQuery, ErrorEvent, Message, TelegramObject

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
        if isinstance(event, Message) and groups.is_group(event):
            bot: Bot = data["bot"]
            data["words"] = groups.words_for_bot(event, await bot.me())
            if data["words"] is None:
                return None
        asker = _asker(event.update.event if isinstance(event, ErrorEvent) else event)
        if asker is None:
            return await handler(event, data)
        with whispering.to(asker):
            return await handler(event, data)


def _asker(event: TelegramObject) -> Asker | None:
    """Who asked in a group; None for a private chat, and for what nobody asked."""
    match event:
        case Message(from_user=user) if user is not None and groups.is_group(event):
            return Asker(event.chat.id, user.id, message_id=event.message_id, topic_id=groups.topic_of(event))
        case CallbackQuery(message=Message() as pressed) if groups.is_group(pressed):
            return Asker(
                pressed.chat.id,
                event.from_user.id,
                callback_query_id=event.id,
                ephemeral_message_id=pressed.ephemeral_message_id,
                topic_id=groups.topic_of(pressed),
            )
        case _:
            return None
