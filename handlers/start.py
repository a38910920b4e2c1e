"""/start and /help: who I am, and three examples that paint at once."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command, CommandStart
from aiogram.types import CallbackQuery, Message

from bot import keyboards, wording
from bot.database.users import Person, Preferences
from bot.parameters import values
from bot.parameters import wording as parameters_wording
from bot.queue.errors import QueueError
from bot.services import Services
from bot.texts import Translator
from handlers import origins, refusals, screens
from handlers.screens import Screen


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.message(CommandStart())(start)
    routes.message(Command("help"))(show_help)
    routes.callback_query(keyboards.Example.filter())(paint_example)
    return routes


async def start(message: Message, person: Person, services: Services, t: Translator) -> None:
    """Introduce the bot."""
    await screens.show(message, screen(t, person, services))


async def show_help(message: Message, person: Person, services: Services, t: Translator) -> None:
    """Say how everything works."""
    await screens.show(message, await help_screen(t, person, services))


def screen(t: Translator, person: Person, services: Services) -> Screen:
    """Who I am, with examples."""
    text = wording.start(t, person.first_name, services.profile)
    return Screen(text, keyboards.examples(t, services.profile, person.id))


async def help_screen(t: Translator, person: Person, services: Services) -> Screen:
    """How everything works."""
    credits = await services.studio.credits(person)
    choices = values.Choices(services.studio.models, services.studio.styles)
    text = wording.help_text(
        t,
        services.profile,
        parameters=parameters_wording.help_text(t, choices),
        daily_credits=credits.daily,
        models=services.studio.models,
    )
    return Screen(text, keyboards.back_home(t, person.id))


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
        await screens.toast(callback, t.plain("toast-stale"), alert=True)
        return
    chat_id, message_id = callback.message.chat.id, callback.message.message_id
    task = services.studio.task(preferences, wording.example_prompt(t, services.profile, callback_data.number))
    origin = origins.of(callback.message, t.language, f"example:{chat_id}:{message_id}:{callback_data.number}")
    try:
        submitted = await services.studio.press(task, person, origin, callback.id)
    except QueueError as error:
        await screens.toast(callback, refusals.toast(t, error), alert=True)
        return
    await screens.toast(callback, t.plain("toast-in-line" if submitted.created else "toast-already-in-line"))
