"""/language: which language the bot speaks with this user."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot import keyboards
from bot.database.users import Person
from bot.services import Services
from bot.texts import Translator
from handlers import screens
from handlers.screens import Screen


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.message(Command("language"))(show)
    routes.callback_query(keyboards.ChooseLanguage.filter())(choose)
    return routes


def screen(t: Translator, person: Person) -> Screen:
    """The languages to choose from."""
    return Screen(t("language"), keyboards.languages(t, person.id, t.texts.languages))


async def show(message: Message, person: Person, t: Translator) -> None:
    """Show the languages as a new message."""
    await screens.show(message, screen(t, person))


async def choose(
    callback: CallbackQuery,
    callback_data: keyboards.ChooseLanguage,
    person: Person,
    services: Services,
    t: Translator,
) -> None:
    """Speak another language from now on, beginning with this message."""
    if not await screens.belongs(callback, callback_data.owner_id, t):
        return
    if callback_data.language not in t.texts.languages:
        await screens.toast(callback, t.plain("toast-stale"), alert=True)
        return
    await services.users.set_language(person.id, callback_data.language)
    t = t.texts.translator(callback_data.language)
    await screens.toast(callback, t.plain("toast-saved"))
    await screens.edit(callback, screen(t, person))
