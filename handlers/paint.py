"""Plain text paints at once."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.types import Message

from bot import wording
from bot.database.users import Person, Preferences
from bot.queue.errors import QueueError
from bot.services import Services
from bot.studio import Origin
from bot.texts import Translator
from engines import tasks
from handlers import refusals


def router() -> Router:
    """The routes of this conversation: words in a private chat that are no command."""
    routes = Router(name=__name__)
    routes.message(F.chat.type == "private", F.text, ~F.text.startswith("/"))(paint)
    return routes


async def paint(message: Message, person: Person, preferences: Preferences, services: Services, t: Translator) -> None:
    """Take the text as a prompt."""
    await paint_words(message, message.text or "", person, preferences, services, t)


async def paint_words(
    message: Message, words: str, person: Person, preferences: Preferences, services: Services, t: Translator
) -> None:
    """Take words of a message as a prompt: all of a private message, in groups what is left of a mention or command."""
    prompt = words.strip()
    if not prompt:
        await message.answer(t("bad-empty", example=wording.example_prompt(t, services.profile, 1)))
        return
    if len(prompt) > tasks.PROMPT_LIMIT:
        await message.answer(t("bad-too-long", length=len(prompt), limit=tasks.PROMPT_LIMIT))
        return
    origin = Origin(message.chat.id, message.message_id, t.language, f"message:{message.chat.id}:{message.message_id}")
    try:
        await services.studio.submit(services.studio.task(preferences, prompt), person, origin)
    except QueueError as error:
        await message.reply(refusals.answer(t, error, preferences.model))
