"""/start and /help: who I am, and three examples that paint at once."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command, CommandStart
from aiogram.types import CallbackQuery, Message

from bot import costs, keyboards, wording
from bot.database.users import Person, Preferences
from bot.queue.errors import QueueError
from bot.services import Services
from bot.studio import Origin
from bot.texts import Translator
from engines import tasks
from handlers import refusals


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.message(CommandStart())(start)
    routes.message(Command("help"))(show_help)
    routes.callback_query(keyboards.Example.filter())(paint_example)
    return routes


async def start(message: Message, person: Person, services: Services, t: Translator) -> None:
    """Introduce the bot."""
    await message.answer(
        wording.start(t, person.first_name, services.profile), reply_markup=keyboards.examples(t, services.profile)
    )


async def show_help(message: Message, person: Person, services: Services, t: Translator) -> None:
    """Say how everything works."""
    credits = await services.studio.credits(person)
    base, flash = (
        costs.credits(tasks.TextToImage(prompt="a", model=model, seed=0))
        for model in (tasks.Model.KANDINSKY_3, tasks.Model.KANDINSKY_3_FLASH)
    )
    await message.answer(
        wording.help_text(t, services.profile, base_credits=base, flash_credits=flash, daily_credits=credits.daily),
        reply_markup=keyboards.examples(t, services.profile),
    )


async def paint_example(
    callback: CallbackQuery,
    callback_data: keyboards.Example,
    person: Person,
    preferences: Preferences,
    services: Services,
    t: Translator,
) -> None:
    """Paint one of the example prompts."""
    if callback.message is None or not 1 <= callback_data.number <= wording.EXAMPLES:
        await callback.answer(t.plain("toast-stale"), show_alert=True)
        return
    chat_id, message_id = callback.message.chat.id, callback.message.message_id
    task = services.studio.task(preferences, wording.example_prompt(t, services.profile, callback_data.number))
    origin = Origin(chat_id, message_id, t.language, f"example:{chat_id}:{message_id}:{callback_data.number}")
    try:
        submitted = await services.studio.press(task, person, origin, callback.id)
    except QueueError as error:
        await callback.answer(refusals.toast(t, error), show_alert=True)
        return
    await callback.answer(t.plain("toast-in-line" if submitted.created else "toast-already-in-line"))
