"""A heart on a result keeps it; taking the heart away keeps it no longer.

Telegram tells bots of reactions in private chats, and in groups where the bot is an administrator.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aiogram import Router
from aiogram.types import MessageReactionUpdated, ReactionTypeEmoji, ReactionTypeUnion

from bot.services import Services

LIKES: Final = frozenset(["❤", "👍", "🔥", "🥰", "👏", "🎉", "🤩", "😍", "💯", "🏆", "💘", "😘", "⚡", "❤\u200d🔥"])


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.message_reaction()(reacted)
    return routes


async def reacted(event: MessageReactionUpdated, services: Services) -> None:
    """Note what its owner thinks of a result; what others think changes nothing."""
    was_liked, is_liked = _likes(event.old_reaction), _likes(event.new_reaction)
    if event.user is None or was_liked == is_liked:
        return
    job = await services.history.by_message(event.chat.id, event.message_id)
    if job is not None and job.user_id == event.user.id:
        await services.history.set_favourite(job.user_id, job.id, is_liked)


def _likes(reactions: Sequence[ReactionTypeUnion]) -> bool:
    return any(isinstance(one, ReactionTypeEmoji) and one.emoji in LIKES for one in reactions)
