"""The door to the admins' rooms: for everybody else there is no door."""

from __future__ import annotations

from typing import Any

from aiogram import Bot
from aiogram.enums import ChatType
from aiogram.filters import BaseFilter
from aiogram.types import InlineKeyboardMarkup, Message, TelegramObject

from bot.database.users import Person
from bot.services import Services


class IsAdmin(BaseFilter):
    """Whoever wrote or pressed is an admin. To others every route behind it does not exist."""

    async def __call__(self, event: TelegramObject, person: Person | None = None, **data: Any) -> bool:
        """Ask the settings, at every update anew."""
        services: Services = data["services"]
        return person is not None and services.admin.is_admin(person.id)


async def tell(
    message: Message, bot: Bot, person: Person, text: str, markup: InlineKeyboardMarkup | None = None
) -> Message:
    """Answer an admin in private, wherever the command was written."""
    if message.chat.type == ChatType.PRIVATE:
        return await message.answer(text, reply_markup=markup)
    return await bot.send_message(person.id, text, reply_markup=markup)
