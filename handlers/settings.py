"""/settings by buttons, edited in place, remembered per user. What needs words is asked in handlers.asking."""

from __future__ import annotations

from dataclasses import replace

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot import keyboards, wording
from bot.database.users import Person, Preferences
from bot.services import Services
from bot.texts import Translator
from handlers import screens
from handlers.screens import Screen


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.message(Command("settings"))(show)
    for button in (keyboards.ChooseModel, keyboards.ChooseRatio, keyboards.ChooseCount, keyboards.ChooseRefine):
        routes.callback_query(button.filter())(choose)
    routes.callback_query(keyboards.Styles.filter())(show_styles)
    routes.callback_query(keyboards.ChooseStyle.filter())(choose_style)
    routes.callback_query(keyboards.ClearNegative.filter())(clear_negative)
    routes.callback_query(keyboards.ChooseSeed.filter())(choose_seed)
    return routes


def screen(t: Translator, person: Person, chosen: Preferences, services: Services) -> Screen:
    """All settings."""
    markup = keyboards.settings(
        t,
        person.id,
        chosen,
        models=services.studio.models,
        has_styles=bool(services.studio.styles),
        utc_offset_min=person.utc_offset_min,
    )
    return Screen(wording.settings(t, chosen, services.studio.models), markup)


async def show(message: Message, person: Person, preferences: Preferences, services: Services, t: Translator) -> None:
    """Show the settings as a new message."""
    await screens.show(message, screen(t, person, preferences, services))


async def choose(
    callback: CallbackQuery,
    callback_data: keyboards.ChooseModel | keyboards.ChooseRatio | keyboards.ChooseCount | keyboards.ChooseRefine,
    person: Person,
    preferences: Preferences,
    services: Services,
    t: Translator,
) -> None:
    """Remember a choice; the fields of these buttons bear the names of the preferences."""
    chosen = replace(preferences, **callback_data.model_dump(exclude={"owner_id"}))
    if chosen.model not in services.studio.models:  # an old button
        await screens.toast(callback, t.plain("toast-stale"), alert=True)
        return
    await _save(callback, callback_data.owner_id, chosen, person, services, t)


async def show_styles(
    callback: CallbackQuery,
    callback_data: keyboards.Styles,
    person: Person,
    preferences: Preferences,
    services: Services,
    t: Translator,
) -> None:
    """Show the drawing styles."""
    if not await screens.belongs(callback, callback_data.owner_id, t):
        return
    await screens.toast(callback)
    names = [style.name for style in services.studio.styles]
    await screens.edit(callback, Screen(t("styles"), keyboards.styles(t, person.id, preferences.style, names)))


async def choose_style(
    callback: CallbackQuery,
    callback_data: keyboards.ChooseStyle,
    person: Person,
    preferences: Preferences,
    services: Services,
    t: Translator,
) -> None:
    """Remember the drawing style."""
    if callback_data.style not in ("", *(style.name for style in services.studio.styles)):
        await screens.toast(callback, t.plain("toast-stale"), alert=True)
        return
    chosen = replace(preferences, style=callback_data.style)
    await _save(callback, callback_data.owner_id, chosen, person, services, t)


async def clear_negative(
    callback: CallbackQuery,
    callback_data: keyboards.ClearNegative,
    person: Person,
    preferences: Preferences,
    services: Services,
    t: Translator,
) -> None:
    """Leave nothing out any more."""
    chosen = replace(preferences, negative_prompt="")
    await _save(callback, callback_data.owner_id, chosen, person, services, t)


async def choose_seed(
    callback: CallbackQuery,
    callback_data: keyboards.ChooseSeed,
    person: Person,
    preferences: Preferences,
    services: Services,
    t: Translator,
) -> None:
    """Remember the seed of the last picture, or none."""
    seed = None
    if callback_data.how == "last" and callback_data.owner_id == person.id:
        latest = await services.history.page(person.id, 1)
        if not latest:
            await screens.toast(callback, t.plain("toast-no-pictures"), alert=True)
            return
        seed = latest[0].task.seed
    await _save(callback, callback_data.owner_id, replace(preferences, seed=seed), person, services, t)


async def _save(
    callback: CallbackQuery, owner_id: int, chosen: Preferences, person: Person, services: Services, t: Translator
) -> None:
    if not await screens.belongs(callback, owner_id, t):
        return
    await services.users.save_preferences(person.id, chosen)
    await screens.toast(callback, t.plain("toast-saved"))
    await screens.edit(callback, screen(t, person, chosen, services))
