"""/queue and /cancel, and the cancel buttons."""

from __future__ import annotations

import contextlib

from aiogram import Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot import keyboards, wording
from bot.database.users import Person
from bot.queue.errors import QueueError
from bot.queue.jobs import CancelOutcome
from bot.services import Services
from bot.texts import Translator
from handlers import refusals

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


async def show_queue(message: Message, person: Person, services: Services, t: Translator) -> None:
    """List what is in line."""
    lines = await _lines(person, services)
    await message.answer(wording.queue(t, lines), reply_markup=keyboards.queue(t, lines))


async def cancel_all(message: Message, person: Person, services: Services, t: Translator) -> None:
    """Stop everything of this user."""
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
    if isinstance(callback.message, Message):
        lines = await _lines(person, services)
        with contextlib.suppress(TelegramBadRequest):  # the list was deleted meanwhile
            await callback.message.edit_text(wording.queue(t, lines), reply_markup=keyboards.queue(t, lines))


async def _cancel(callback: CallbackQuery, job_id: int, person: Person, services: Services, t: Translator) -> None:
    try:
        outcome = await services.studio.cancel(person, job_id)
    except QueueError as error:
        await callback.answer(refusals.toast(t, error), show_alert=True)
        return
    await callback.answer(t.plain(_TOASTS[outcome]))


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
