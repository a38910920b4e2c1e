"""/timezone: which clock the user goes by. Dates follow it, and at its midnight the day of the credits begins."""

from __future__ import annotations

from dataclasses import replace

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot import clock, keyboards, wording, zones
from bot.database.users import Person
from bot.services import Services
from bot.texts import Translator
from handlers import screens
from handlers.screens import Screen


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.message(Command("timezone"))(show)
    routes.callback_query(keyboards.Zones.filter())(turn)
    routes.callback_query(keyboards.ChooseZone.filter())(choose)
    return routes


def screen(t: Translator, person: Person, *, between: bool | None = None) -> Screen:
    """The time zones to choose from: those among which the user's own is, unless others are wanted."""
    if between is None:
        between = person.utc_offset_min in zones.BETWEEN_HOURS_MIN
    now = clock.utc_now()
    markup = keyboards.zones(t, person.id, person.utc_offset_min, now, between=between)
    return Screen(wording.zone(t, person.utc_offset_min, now), markup)


async def show(message: Message, person: Person, t: Translator) -> None:
    """Show the time zones as a new message."""
    await screens.show(message, screen(t, person))


async def turn(callback: CallbackQuery, callback_data: keyboards.Zones, person: Person, t: Translator) -> None:
    """Show the other half of them."""
    if not await screens.belongs(callback, callback_data.owner_id, t):
        return
    await screens.toast(callback)
    await screens.edit(callback, screen(t, person, between=callback_data.between))


async def choose(
    callback: CallbackQuery, callback_data: keyboards.ChooseZone, person: Person, services: Services, t: Translator
) -> None:
    """Go by another clock from now on."""
    if not await screens.belongs(callback, callback_data.owner_id, t):
        return
    if callback_data.utc_offset_min not in zones.OFFSETS_MIN:
        await screens.toast(callback, t.plain("toast-stale"), alert=True)
        return
    await services.users.set_utc_offset(person.id, callback_data.utc_offset_min)
    await screens.toast(callback, t.plain("toast-saved"))
    await screens.edit(callback, screen(t, replace(person, utc_offset_min=callback_data.utc_offset_min)))
