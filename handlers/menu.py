"""The menu: every screen of the bot, in the place of the one before."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot import keyboards, wording
from bot.database.users import Person, Preferences
from bot.services import Services
from bot.texts import Translator
from handlers import history, jobs, language, quota, screens, settings, start, zone
from handlers.screens import Screen


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.message(Command("menu"))(show)
    routes.callback_query(keyboards.Menu.filter())(go)
    return routes


async def show(message: Message, person: Person, t: Translator) -> None:
    """Show the menu as a new message."""
    await screens.show(message, home(t, person))


async def go(
    callback: CallbackQuery,
    callback_data: keyboards.Menu,
    person: Person,
    preferences: Preferences,
    services: Services,
    t: Translator,
) -> None:
    """Go to a screen."""
    if not isinstance(callback.message, Message):
        await screens.toast(callback, t.plain("toast-stale"), alert=True)
        return
    if not await screens.belongs(callback, callback_data.owner_id, t):
        return
    await screens.toast(callback)
    if callback_data.action == "open":  # below a result, which stays
        await screens.show(callback.message, settings.screen(t, person, preferences, services))
        return
    await screens.edit(callback, await _screen(callback_data, person, preferences, services, t))


def home(t: Translator, person: Person) -> Screen:
    """The menu itself."""
    return Screen(t("home"), keyboards.home(t, person.id))


async def _screen(
    data: keyboards.Menu, person: Person, preferences: Preferences, services: Services, t: Translator
) -> Screen:
    match data.action:
        case "settings" | "open":
            return settings.screen(t, person, preferences, services)
        case "close":
            return Screen(wording.settings_closed(t, preferences))
        case "start":
            return start.screen(t, person, services)
        case "help":
            return await start.help_screen(t, person, services)
        case "history":
            return await history.screen(t, person, services)
        case "queue":
            return await jobs.screen(t, person, services, back=keyboards.Menu(action="home", owner_id=person.id))
        case "quota":
            return await quota.screen(t, person, preferences, services)
        case "language":
            return language.screen(t, person)
        case "zone":
            return zone.screen(t, person)
        case "home":
            return home(t, person)
