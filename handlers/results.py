"""The buttons under a result that paint once more: again, with the other model, refined."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiogram import Router
from aiogram.types import CallbackQuery

from bot import keyboards
from bot.database.models import OPEN
from bot.database.users import Person
from bot.queue.errors import QueueError
from bot.queue.jobs import Submitted
from bot.services import Services
from bot.studio import Origin
from bot.texts import Translator
from handlers import origins, refusals, result_buttons, screens


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.callback_query(keyboards.Again.filter())(again)
    routes.callback_query(keyboards.OtherModel.filter())(other_model)
    routes.callback_query(keyboards.Refine.filter())(refine)
    return routes


async def again(
    callback: CallbackQuery, callback_data: keyboards.Again, person: Person, services: Services, t: Translator
) -> None:
    """Paint the same words with a new seed."""
    job_id = callback_data.job_id
    await _wish(
        callback, f"again:{job_id}", t, lambda origin: services.studio.again(person, job_id, origin, callback.id)
    )


async def other_model(
    callback: CallbackQuery, callback_data: keyboards.OtherModel, person: Person, services: Services, t: Translator
) -> None:
    """Paint the same words and seed with the other model; the button has done its work."""
    job_id, model = callback_data.job_id, callback_data.model
    if model not in services.studio.models:  # an old button
        await screens.toast(callback, t.plain("toast-stale"), alert=True)
        return
    if await _wish(
        callback,
        result_buttons.other_model_key(job_id, model),
        t,
        lambda origin: services.studio.with_model(person, job_id, model, origin, callback.id),
    ):
        await _use_up(callback, callback_data)


async def refine(
    callback: CallbackQuery, callback_data: keyboards.Refine, person: Person, services: Services, t: Translator
) -> None:
    """Paint the same words and seed, refined; the button has done its work."""
    job_id = callback_data.job_id
    if await _wish(
        callback,
        result_buttons.refine_key(job_id),
        t,
        lambda origin: services.studio.refined(person, job_id, origin, callback.id),
    ):
        await _use_up(callback, callback_data)


async def _wish(
    callback: CallbackQuery, key: str, t: Translator, submit: Callable[[Origin], Awaitable[Submitted]]
) -> bool:
    """Submit what a button asks for and say what became of it; whether it was taken."""
    if callback.message is None:  # Telegram no longer knows it
        await screens.toast(callback, t.plain("toast-stale"), alert=True)
        return False
    try:
        submitted = await submit(origins.of(callback.message, t.language, key))
    except QueueError as error:
        await screens.toast(callback, refusals.toast(t, error), alert=True)
        return False
    await screens.toast(callback, _said(t, submitted))
    return True


def _said(t: Translator, submitted: Submitted) -> str:
    if submitted.created:
        return t.plain("toast-in-line")
    return t.plain("toast-already-in-line" if submitted.job.status in OPEN else "toast-already-painted")


async def _use_up(callback: CallbackQuery, data: keyboards.OtherModel | keyboards.Refine) -> None:
    """Disable a button whose picture would be the same each time."""
    markup = getattr(callback.message, "reply_markup", None)
    await screens.edit_buttons(callback, keyboards.used_up(markup, data))
