"""/quota: the user's own credits."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from bot import clock, keyboards, wording
from bot.database.users import Person, Preferences
from bot.services import Services
from bot.texts import Translator
from handlers import screens
from handlers.screens import Screen


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.message(Command("quota"))(show)
    return routes


async def screen(t: Translator, person: Person, preferences: Preferences, services: Services) -> Screen:
    """What is left today, and what it buys."""
    credits = await services.studio.credits(person)
    text = wording.quota(t, credits, preferences, person.utc_offset_min, clock.utc_now(), services.studio.models)
    return Screen(text, keyboards.quota(t, person.id, person.utc_offset_min))


async def show(message: Message, person: Person, preferences: Preferences, services: Services, t: Translator) -> None:
    """Show the credits as a new message."""
    await screens.show(message, await screen(t, person, preferences, services))
