"""A screen is a text with buttons: sent anew, or put in the place of the screen whose button was pressed."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from aiogram.exceptions import TelegramBadRequest
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message, ReplyParameters

from bot.texts import Translator


@dataclass(frozen=True, slots=True)
class Screen:
    """A text with its buttons."""

    text: str
    markup: InlineKeyboardMarkup | None = None


async def show(message: Message, screen: Screen) -> None:
    """Send a screen into the chat of a message."""
    await message.answer(screen.text, reply_markup=screen.markup)


async def reply(message: Message, screen: Screen) -> None:
    """Send a screen as an answer to a message; a message that was deleted meanwhile is answered all the same."""
    await message.answer(
        screen.text,
        reply_markup=screen.markup,
        reply_parameters=ReplyParameters(message_id=message.message_id, allow_sending_without_reply=True),
    )


async def edit(callback: CallbackQuery, screen: Screen) -> None:
    """Put a screen in the place of the message whose button was pressed."""
    if isinstance(callback.message, Message):
        with contextlib.suppress(TelegramBadRequest):  # it was deleted meanwhile, or shows a picture
            await callback.message.edit_text(screen.text, reply_markup=screen.markup)


async def edit_buttons(callback: CallbackQuery, markup: InlineKeyboardMarkup | None) -> None:
    """Change the buttons of the message that was pressed; None leaves them."""
    if markup is not None and isinstance(callback.message, Message):
        with contextlib.suppress(TelegramBadRequest):  # it was deleted meanwhile
            await callback.message.edit_reply_markup(reply_markup=markup)


async def toast(callback: CallbackQuery, text: str | None = None, *, alert: bool = False) -> None:
    """Answer a press; the answer to a press that is older than Telegram's patience is lost."""
    with contextlib.suppress(TelegramBadRequest):
        await callback.answer(text, show_alert=alert)


async def belongs(callback: CallbackQuery, owner_id: int, t: Translator) -> bool:
    """Whether whoever presses owns this menu; a stranger gets a hint."""
    if callback.from_user.id == owner_id:
        return True
    await toast(callback, t.plain("toast-not-yours"), alert=True)
    return False
