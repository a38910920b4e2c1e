"""/broadcast: a look at what everybody would get, a question, then a bar and a report."""

from __future__ import annotations

import contextlib
import re

from aiogram import Bot, Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.admin import keyboards, wording
from bot.admin.keyboards import BroadcastAct, OnBroadcast
from bot.database.users import Person
from bot.services import Services
from bot.texts import Translator
from handlers.admin_only import tell


def router() -> Router:
    """The routes of this conversation; handlers.admin lets admins only in."""
    routes = Router(name=__name__)
    routes.message(Command("broadcast"))(preview)
    routes.callback_query(OnBroadcast.filter())(press)
    return routes


async def preview(
    message: Message, command: CommandObject, bot: Bot, person: Person, services: Services, t: Translator
) -> None:
    """Show the message as everybody would get it, and ask. What is sent later is a copy of this one."""
    if message.chat.type != ChatType.PRIVATE or not (command.args or message.reply_to_message):
        await tell(message, bot, person, t("admin-broadcast-usage", example="/broadcast …"))
        return
    if message.reply_to_message is not None and not command.args:
        shown_id = (await bot.copy_message(person.id, message.chat.id, message.reply_to_message.message_id)).message_id
    else:
        _, text = re.split(r"\s+", message.html_text, maxsplit=1)
        shown_id = (await message.answer(text)).message_id
    draft = await services.broadcaster.draft(person.id, shown_id)
    question = await message.answer(
        t("admin-broadcast-ask", recipients=draft.recipients),
        reply_markup=keyboards.broadcast_question(t, draft.id, draft.recipients),
    )
    await services.broadcaster.ask(draft, question.message_id)


async def press(
    callback: CallbackQuery, callback_data: OnBroadcast, person: Person, services: Services, t: Translator
) -> None:
    """Send, drop, or stop. An old button says that it is over."""
    broadcast_id = callback_data.broadcast_id
    match callback_data.act:
        case BroadcastAct.SEND:
            if await services.broadcaster.is_busy():
                await callback.answer(t.plain("admin-broadcast-busy"), show_alert=True)
                return
            changed = await services.broadcaster.start(broadcast_id)
        case BroadcastAct.DROP:
            changed = await services.broadcaster.drop(broadcast_id)
        case BroadcastAct.STOP:
            changed = await services.broadcaster.stop(broadcast_id)
    if changed is None:
        await callback.answer(t.plain("admin-broadcast-over"), show_alert=True)
        return
    await services.admin.record(person, "broadcast", f"{callback_data.act} no. {broadcast_id}")
    await callback.answer()
    if not isinstance(callback.message, Message) or callback_data.act is BroadcastAct.STOP:
        return  # the report takes the place of the bar
    running = callback_data.act is BroadcastAct.SEND
    text = wording.broadcast_running(t, changed) if running else t("admin-broadcast-dropped")
    markup = keyboards.broadcast_running(t, broadcast_id) if running else None
    with contextlib.suppress(TelegramBadRequest):  # the message was deleted meanwhile
        await callback.message.edit_text(text, reply_markup=markup)
