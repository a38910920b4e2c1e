"""Plain text paints at once, with the parameters that stand in it."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.types import Message

from bot import groups, keyboards, parameters, wording
from bot.database.users import Person, Preferences
from bot.parameters import wording as parameters_wording
from bot.queue.errors import QueueError
from bot.services import Services
from bot.texts import Translator
from engines import tasks
from handlers import origins, refusals, screens
from handlers.screens import Screen


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
    parsed = parameters.parse(words, models=services.studio.models, styles=services.studio.styles)
    if parsed.refused:
        text = parameters_wording.hints(t, parsed.hints)
        better = parameters.corrected(parsed) or words
        if groups.is_group(message):  # there, words alone would not be heard
            better = f"/imagine {better}"
        await screens.reply(message, Screen(text, keyboards.corrected(t, better)))
        return
    prompt = parsed.prompt
    if not prompt:
        await screens.reply(message, Screen(t("bad-empty", example=wording.example_prompt(t, services.profile, 1))))
        return
    if len(prompt) > tasks.PROMPT_LIMIT:
        await screens.reply(message, Screen(t("bad-too-long", length=len(prompt), limit=tasks.PROMPT_LIMIT)))
        return
    chosen = parsed.changes.over(preferences)
    origin = origins.of(message, t.language, f"message:{message.chat.id}:{message.message_id}")
    try:
        submitted = await services.studio.submit(services.studio.task(chosen, prompt), person, origin)
    except QueueError as error:
        await screens.reply(message, Screen(refusals.answer(t, error, chosen.model)))
        return
    if submitted.created and (explained := parameters_wording.hints(t, _explained(parsed, chosen))):
        await screens.reply(message, Screen(explained))


def _explained(parsed: parameters.Parsed, chosen: Preferences) -> list[parameters.Hint]:
    """What was understood and may surprise."""
    return [*parsed.hints, *parameters.without_effect(parsed.changes, chosen.model)]
