"""/queue and /cancel, and the cancel buttons."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from bot import keyboards, wording
from bot.database.users import Person
from bot.queue.errors import QueueError
from bot.queue.jobs import CancelOutcome
from bot.services import Services
from bot.texts import Translator
from handlers import refusals, screens
from handlers.screens import Screen

_TOASTS = {
    CancelOutcome.CANCELLED: "toast-cancelled",
    CancelOutcome.REQUESTED: "toast-cancelling",
    CancelOutcome.TOO_LATE: "toast-too-late",
}


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.message(Command("queue"))(show_queue)
    routes.message(Command("cancel"))(cancel_all)
    routes.callback_query(keyboards.Cancel.filter())(cancel_one)
    routes.callback_query(keyboards.CancelInList.filter())(cancel_in_list)
    return routes


async def screen(t: Translator, person: Person, services: Services, back: keyboards.Menu | None = None) -> Screen:
    """What is in line."""
    lines = await _lines(person, services)
    return Screen(wording.queue(t, lines), keyboards.queue(t, lines, back))


async def show_queue(message: Message, person: Person, services: Services, t: Translator) -> None:
    """List what is in line."""
    await screens.show(message, await screen(t, person, services))


async def cancel_all(message: Message, person: Person, services: Services, state: FSMContext, t: Translator) -> None:
    """Leave a question that is open; else stop everything of this user."""
    if await state.get_state() is not None:
        await state.clear()
        await message.answer(t("conversation-left"))
        return
    count = await services.studio.cancel_all(person)
    await message.answer(t("cancel-done", count=count) if count else t("cancel-nothing"))


async def cancel_one(
    callback: CallbackQuery, callback_data: keyboards.Cancel, person: Person, services: Services, t: Translator
) -> None:
    """Stop the job whose status message was pressed."""
    await _cancel(callback, callback_data.job_id, person, services, t)


async def cancel_in_list(
    callback: CallbackQuery, callback_data: keyboards.CancelInList, person: Person, services: Services, t: Translator
) -> None:
    """Stop a job from the list, and show the list anew."""
    await _cancel(callback, callback_data.job_id, person, services, t)
    await screens.edit(callback, await screen(t, person, services, _way_back(callback)))


async def _cancel(callback: CallbackQuery, job_id: int, person: Person, services: Services, t: Translator) -> None:
    try:
        outcome = await services.studio.cancel(person, job_id)
    except QueueError as error:
        await screens.toast(callback, refusals.toast(t, error), alert=True)
        return
    await screens.toast(callback, t.plain(_TOASTS[outcome]))


def _way_back(callback: CallbackQuery) -> keyboards.Menu | None:
    """The way back of a list that was opened from the menu."""
    markup = getattr(callback.message, "reply_markup", None)
    back = keyboards.Menu(action="home", owner_id=callback.from_user.id)
    return back if keyboards.has(markup, back) else None


async def _lines(person: Person, services: Services) -> list[wording.QueueLine]:
    return [
        wording.QueueLine(
            job_id=one.job.id,
            prompt=one.job.task.prompt,
            ahead=None if one.is_running else one.place.position,
            wait_s=one.place.eta_s,
        )
        for one in await services.studio.open_jobs(person)
    ]
