"""Who blocks the bot hears nothing more of it, until they unblock it."""

from __future__ import annotations

import structlog
from aiogram import F, Router
from aiogram.enums import ChatMemberStatus
from aiogram.types import ChatMemberUpdated

from bot.services import Services

log = structlog.get_logger(__name__)


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.my_chat_member(F.chat.type == "private")(note)
    return routes


async def note(change: ChatMemberUpdated, services: Services) -> None:
    """Remember whether messages to this user arrive."""
    is_blocked = change.new_chat_member.status == ChatMemberStatus.KICKED
    await services.users.set_blocked(change.chat.id, is_blocked)
    log.info("user_blocked_the_bot" if is_blocked else "user_is_back", user_id=change.chat.id)
