"""The buttons under a result that paint once more: again, with the other model, refined."""

from __future__ import annotations

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
from handlers import refusals, screens


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
    origin = _origin(callback, f"again:{callback_data.job_id}", t)
    if origin is None:
        await screens.toast(callback, t.plain("toast-stale"), alert=True)
        return
    try:
        submitted = await services.studio.again(person, callback_data.job_id, origin, callback.id)
    except QueueError as error:
        await screens.toast(callback, refusals.toast(t, error), alert=True)
        return
    await screens.toast(callback, _said(t, submitted))


async def other_model(
    callback: CallbackQuery, callback_data: keyboards.OtherModel, person: Person, services: Services, t: Translator
) -> None:
    """Paint the same words and seed with the other model; the button has done its work."""
    origin = _origin(callback, f"model:{callback_data.model}:{callback_data.job_id}", t)
    if origin is None:
        await screens.toast(callback, t.plain("toast-stale"), alert=True)
        return
    try:
        submitted = await services.studio.with_model(
            person, callback_data.job_id, callback_data.model, origin, callback.id
        )
    except QueueError as error:
        await screens.toast(callback, refusals.toast(t, error), alert=True)
        return
    await screens.toast(callback, _said(t, submitted))
    label = t.plain("button-other-model", model=t.plain(f"model-{callback_data.model}-short"))
    await _use_up(callback, callback_data, label)


async def refine(
    callback: CallbackQuery, callback_data: keyboards.Refine, person: Person, services: Services, t: Translator
) -> None:
    """Paint the same words and seed, refined; the button has done its work."""
    origin = _origin(callback, f"refine:{callback_data.job_id}", t)
    if origin is None:
        await screens.toast(callback, t.plain("toast-stale"), alert=True)
        return
    try:
        submitted = await services.studio.refined(person, callback_data.job_id, origin, callback.id)
    except QueueError as error:
        await screens.toast(callback, refusals.toast(t, error), alert=True)
        return
    await screens.toast(callback, _said(t, submitted))
    await _use_up(callback, callback_data, t.plain("button-refine"))


def _origin(callback: CallbackQuery, key: str, t: Translator) -> Origin | None:
    """Where the wish of a press comes from; None for a message that Telegram no longer knows."""
    if callback.message is None:
        return None
    return Origin(callback.message.chat.id, callback.message.message_id, t.language, key)


def _said(t: Translator, submitted: Submitted) -> str:
    if submitted.created:
        return t.plain("toast-in-line")
    return t.plain("toast-already-in-line" if submitted.job.status in OPEN else "toast-already-painted")


async def _use_up(callback: CallbackQuery, data: keyboards.OtherModel | keyboards.Refine, label: str) -> None:
    """Disable a button whose picture would be the same each time."""
    markup = getattr(callback.message, "reply_markup", None)
    await screens.edit_buttons(callback, keyboards.replaced(markup, data, keyboards.used(label)))
