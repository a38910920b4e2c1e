"""Groups that became supergroups: they have a new id, and what was meant for the old one goes there."""

from __future__ import annotations

import structlog
from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramMigrateToChat
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

log = structlog.get_logger(__name__)


class MovedChats(BaseRequestMiddleware):
    """Sends calls after a chat that has moved; the new id is learned from Telegram's refusal, anew after a start."""

    def __init__(self) -> None:
        self._moved: dict[int | str, int] = {}

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        chat_id: int | str | None = getattr(method, "chat_id", None)
        if chat_id is None:
            return await make_request(bot, method)
        if (moved_to := self._moved.get(chat_id)) is not None:
            return await make_request(bot, method.model_copy(update={"chat_id": moved_to}))
        try:
            return await make_request(bot, method)
        except TelegramMigrateToChat as error:
            log.info("chat_moved", chat_id=chat_id, to_chat_id=error.migrate_to_chat_id)
            self._moved[chat_id] = error.migrate_to_chat_id
            return await make_request(bot, method.model_copy(update={"chat_id": error.migrate_to_chat_id}))
