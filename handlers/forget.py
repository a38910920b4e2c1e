"""/forget: a question first, then everything of the user is deleted."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
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
    routes.message(Command("forget"))(question)
    routes.callback_query(keyboards.Forget.filter())(decide)
    return routes


async def question(message: Message, person: Person, t: Translator) -> None:
    """Ask before anything is deleted."""
    await screens.show(message, Screen(t("forget"), keyboards.forget(t, person.id)))


async def decide(
    callback: CallbackQuery,
    callback_data: keyboards.Forget,
    person: Person,
    services: Services,
    state: FSMContext,
    t: Translator,
) -> None:
    """Delete everything, or nothing."""
    if not await screens.belongs(callback, callback_data.owner_id, t):
        return
    if not callback_data.sure:
        await screens.toast(callback)
        await screens.edit(callback, Screen(t("forget-kept")))
        return
    await screens.toast(callback, t.plain("toast-forgetting"))
    await state.clear()
    await services.studio.cancel_all(person)
    forgotten = await services.forgetting.forget(person.id)
    await screens.edit(callback, Screen(t("forget-done", pictures=forgotten.files)))
