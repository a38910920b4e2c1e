"""A heart on a result keeps it; taking the heart away keeps it no longer.

Telegram tells bots of reactions in private chats, and in groups where the bot is an administrator.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Final

from aiogram import Bot, Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramAPIError
from aiogram.types import MessageReactionUpdated, ReactionTypeEmoji, ReactionTypeUnion, ReplyParameters

from bot import whispering
from bot.limiter import Dropped
from bot.queue.errors import FavouritesFull
from bot.services import Services
from bot.texts import Texts
from bot.whispering import Asker
from handlers import refusals, result_buttons

LIKES: Final = frozenset(["❤", "👍", "🔥", "🥰", "👏", "🎉", "🤩", "😍", "💯", "🏆", "💘", "😘", "⚡", "❤\u200d🔥"])


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.message_reaction()(reacted)
    return routes


async def reacted(event: MessageReactionUpdated, bot: Bot, services: Services, texts: Texts) -> None:
    """Note what its owner thinks of a result, and show it by its button; what others think changes nothing."""
    was_liked, is_liked = _likes(event.old_reaction), _likes(event.new_reaction)
    if event.user is None or was_liked == is_liked:
        return
    job = await services.history.by_message(event.chat.id, event.message_id)
    if job is None or job.user_id != event.user.id:
        return
    owner = await services.users.find(job.user_id)
    t = texts.translator(job.language if owner is None else owner.language or owner.language_code)
    try:
        await services.history.set_favourite(job.user_id, job.id, is_liked)
    except FavouritesFull as error:
        await _say_full(event, bot, refusals.toast(t, error))
        return
    await result_buttons.refresh(bot, job, services, t)


async def _say_full(event: MessageReactionUpdated, bot: Bot, text: str) -> None:
    """Tell the owner alone: a reaction has no answer of its own."""
    whispered: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
    if event.user is not None and event.chat.type != ChatType.PRIVATE:
        whispered = whispering.to(Asker(event.chat.id, event.user.id, message_id=event.message_id))
    with whispered, contextlib.suppress(TelegramAPIError, Dropped):
        await bot.send_message(
            event.chat.id,
            text,
            reply_parameters=ReplyParameters(message_id=event.message_id, allow_sending_without_reply=True),
        )


def _likes(reactions: Sequence[ReactionTypeUnion]) -> bool:
    return any(isinstance(one, ReactionTypeEmoji) and one.emoji in LIKES for one in reactions)
