"""/imagine, mentions and replies: how people paint in groups. /imagine works in private too."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from bot import wording
from bot.database.users import Person, Preferences
from bot.services import Services
from bot.texts import Translator
from handlers import paint


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.message(Command("imagine"))(imagine)
    routes.message(F.chat.type != "private", F.text, ~F.text.startswith("/"))(addressed)
    return routes


async def imagine(
    message: Message,
    command: CommandObject,
    person: Person,
    preferences: Preferences,
    services: Services,
    t: Translator,
) -> None:
    """Paint the words behind the command."""
    await _paint(message, command.args or "", person, preferences, services, t)


async def addressed(
    message: Message, words: str, person: Person, preferences: Preferences, services: Services, t: Translator
) -> None:
    """Paint what a group says to the bot by a mention or a reply."""
    await _paint(message, words, person, preferences, services, t)


async def _paint(
    message: Message, words: str, person: Person, preferences: Preferences, services: Services, t: Translator
) -> None:
    if not words.strip():
        await message.answer(t("imagine-how", example=wording.example_prompt(t, services.profile, 1)))
        return
    await paint.paint_words(message, words, person, preferences, services, t)
