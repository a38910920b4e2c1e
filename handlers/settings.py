"""/settings: model and aspect ratio by buttons, edited in place, remembered per user."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from aiogram import Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot import keyboards, wording
from bot.database.users import Person, Preferences
from bot.services import Services
from bot.texts import Translator


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.message(Command("settings"))(show)
    routes.callback_query(keyboards.Menu.filter())(menu)
    routes.callback_query(keyboards.ChooseModel.filter())(choose_model)
    routes.callback_query(keyboards.ChooseRatio.filter())(choose_ratio)
    return routes


async def show(message: Message, person: Person, preferences: Preferences, t: Translator) -> None:
    """Show the settings as a new message."""
    model, ratio = preferences.model, preferences.aspect_ratio
    await message.answer(wording.settings(t, model, ratio), reply_markup=keyboards.settings(t, person.id, model, ratio))


async def menu(
    callback: CallbackQuery, callback_data: keyboards.Menu, person: Person, preferences: Preferences, t: Translator
) -> None:
    """Open the settings below a result, or close them."""
    if not isinstance(callback.message, Message):
        await callback.answer(t.plain("toast-stale"), show_alert=True)
        return
    if callback_data.owner_id != person.id:
        await callback.answer(t.plain("toast-not-yours"), show_alert=True)
        return
    await callback.answer()
    if callback_data.action == "open":
        await show(callback.message, person, preferences, t)
        return
    model = t.plain(f"model-{preferences.model}")
    with contextlib.suppress(TelegramBadRequest):  # the message was deleted meanwhile
        await callback.message.edit_text(t("settings-closed", model=model, ratio=preferences.aspect_ratio.value))


async def choose_model(
    callback: CallbackQuery,
    callback_data: keyboards.ChooseModel,
    person: Person,
    preferences: Preferences,
    services: Services,
    t: Translator,
) -> None:
    """Remember the model."""
    chosen = replace(preferences, model=callback_data.model)
    await _save(callback, callback_data.owner_id, chosen, person, services, t)


async def choose_ratio(
    callback: CallbackQuery,
    callback_data: keyboards.ChooseRatio,
    person: Person,
    preferences: Preferences,
    services: Services,
    t: Translator,
) -> None:
    """Remember the aspect ratio."""
    chosen = replace(preferences, aspect_ratio=callback_data.ratio)
    await _save(callback, callback_data.owner_id, chosen, person, services, t)


async def _save(
    callback: CallbackQuery, owner_id: int, chosen: Preferences, person: Person, services: Services, t: Translator
) -> None:
    if owner_id != person.id:
        await callback.answer(t.plain("toast-not-yours"), show_alert=True)
        return
    await services.users.save_preferences(person.id, chosen)
    await callback.answer(t.plain("toast-saved"))
    if isinstance(callback.message, Message):
        with contextlib.suppress(TelegramBadRequest):  # the message was deleted meanwhile
            await callback.message.edit_text(
                wording.settings(t, chosen.model, chosen.aspect_ratio),
                reply_markup=keyboards.settings(t, person.id, chosen.model, chosen.aspect_ratio),
            )
