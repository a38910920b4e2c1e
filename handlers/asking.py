"""Questions that are answered in words: what pictures should not show, and which seed.

A question is left by /cancel, by any other command or button, and after a while by itself, so that a prompt that comes
much later is painted. Questions are asked in private chats only: in a group the bot does not hear the answer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from aiogram import Bot, F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.exceptions import TelegramBadRequest
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message, TelegramObject

from bot import clock, keyboards, wording
from bot.database.users import Person, Preferences
from bot.services import Services
from bot.texts import Translator
from engines import tasks
from handlers import screens, settings
from handlers.screens import Screen

_PATIENCE: Final = timedelta(minutes=15)
_NOTHING: Final = frozenset({"none", "nothing", "no", "-", "нет", "ничего"})
_RANDOM: Final = frozenset({"random", "any", "случайный", "любой"})


class Asking(StatesGroup):
    """What the bot has asked and waits to hear."""

    negative_prompt = State()
    seed = State()


def router() -> Router:
    """The routes of this conversation; it comes first, because it hears what would be a prompt otherwise."""
    routes = Router(name=__name__)
    routes.message.outer_middleware(_leave)
    routes.callback_query.outer_middleware(_leave)
    routes.callback_query(keyboards.Ask.filter())(ask)
    words = (F.text, ~F.text.startswith("/"))
    routes.message(Asking.negative_prompt, *words)(hear_negative)
    routes.message(Asking.seed, *words)(hear_seed)
    return routes


async def _leave(
    handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]], event: TelegramObject, data: dict[str, Any]
) -> Any:
    """Forget the question when its user turns to something else; /cancel says that it does."""
    command = (event.text or "") if isinstance(event, Message) else None
    if data.get("raw_state") is not None and (
        command is None or (command.startswith("/") and not command.startswith("/cancel"))
    ):
        await data["state"].clear()
    return await handler(event, data)


async def ask(
    callback: CallbackQuery,
    callback_data: keyboards.Ask,
    person: Person,
    preferences: Preferences,
    services: Services,
    state: FSMContext,
    t: Translator,
) -> None:
    """Ask in the place of the settings, and wait for the answer."""
    if not await screens.belongs(callback, callback_data.owner_id, t):
        return
    if not isinstance(callback.message, Message) or callback.message.chat.type != "private":
        await screens.toast(callback, t.plain("toast-private-only"), alert=True)
        return
    await screens.toast(callback)
    if callback_data.what == "seed":
        has_pictures = bool(await services.history.page(person.id, 1))
        markup = keyboards.ask_seed(t, person.id, has_pictures=has_pictures)
        await state.set_state(Asking.seed)
        screen = Screen(wording.ask_seed(t, preferences.seed), markup)
    else:
        words = preferences.negative_prompt
        await state.set_state(Asking.negative_prompt)
        screen = Screen(wording.ask_negative(t, words), keyboards.ask_negative(t, person.id, has_one=bool(words)))
    await state.set_data({"asked_at": clock.utc_now().isoformat(), "message_id": callback.message.message_id})
    await screens.edit(callback, screen)


async def hear_negative(
    message: Message,
    person: Person,
    preferences: Preferences,
    services: Services,
    state: FSMContext,
    t: Translator,
    bot: Bot,
) -> None:
    """Remember what pictures should not show."""
    asked_message_id = await _still_asked(state)
    words = (message.text or "").strip()
    if len(words) > tasks.PROMPT_LIMIT:
        await message.answer(t("bad-too-long", length=len(words), limit=tasks.PROMPT_LIMIT))
        return
    words = "" if words.casefold() in _NOTHING else words
    chosen = replace(preferences, negative_prompt=words)
    told = t("negative-saved", words=words) if words else t("negative-cleared")
    await _save(message, asked_message_id, chosen, told, person, services, state, t, bot)


async def hear_seed(
    message: Message,
    person: Person,
    preferences: Preferences,
    services: Services,
    state: FSMContext,
    t: Translator,
    bot: Bot,
) -> None:
    """Remember the seed."""
    asked_message_id = await _still_asked(state)
    words = (message.text or "").strip().casefold()
    seed = None if words in _RANDOM else _seed(words)
    if seed is None and words not in _RANDOM:
        await message.answer(t("seed-bad", largest=str(tasks.SEED_LIMIT - 1)))
        return
    told = t("seed-cleared") if seed is None else t("seed-saved", seed=str(seed))
    await _save(message, asked_message_id, replace(preferences, seed=seed), told, person, services, state, t, bot)


async def _still_asked(state: FSMContext) -> int:
    """The message with the question. A question that was left open for long is forgotten: SkipHandler."""
    data = await state.get_data()
    if "asked_at" not in data or clock.utc_now() - datetime.fromisoformat(data["asked_at"]) > _PATIENCE:
        await state.clear()
        raise SkipHandler
    return int(data["message_id"])


async def _save(
    message: Message,
    asked_message_id: int,
    chosen: Preferences,
    told: str,
    person: Person,
    services: Services,
    state: FSMContext,
    t: Translator,
    bot: Bot,
) -> None:
    await services.users.save_preferences(person.id, chosen)
    await state.clear()
    await message.answer(told)
    screen = settings.screen(t, person, chosen, services)
    with contextlib.suppress(TelegramBadRequest):  # the question was deleted meanwhile
        await bot.edit_message_text(
            screen.text, chat_id=message.chat.id, message_id=asked_message_id, reply_markup=screen.markup
        )


def _seed(words: str) -> int | None:
    """The seed that these words are, or None."""
    if not words.isascii() or not words.isdigit() or len(words) > len(str(tasks.SEED_LIMIT)):
        return None
    seed = int(words)
    return seed if seed < tasks.SEED_LIMIT else None
