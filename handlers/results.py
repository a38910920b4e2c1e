"""The buttons under a result: again, and as file."""

from __future__ import annotations

from aiogram import Bot, Router
from aiogram.types import BufferedInputFile, CallbackQuery, ReplyParameters

from bot import keyboards
from bot.database.users import Person
from bot.media import FileGone
from bot.pacing import Priority
from bot.queue.errors import QueueError
from bot.services import Services
from bot.studio import Origin
from bot.telegram_session import priority
from bot.texts import Translator
from handlers import refusals


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.callback_query(keyboards.Again.filter())(again)
    routes.callback_query(keyboards.AsFile.filter())(as_file)
    return routes


async def again(
    callback: CallbackQuery, callback_data: keyboards.Again, person: Person, services: Services, t: Translator
) -> None:
    """Paint the same words with a new seed."""
    if callback.message is None:
        await callback.answer(t.plain("toast-stale"), show_alert=True)
        return
    origin = Origin(callback.message.chat.id, callback.message.message_id, t.language, f"again:{callback_data.job_id}")
    try:
        submitted = await services.studio.again(person, callback_data.job_id, origin, callback.id)
    except QueueError as error:
        await callback.answer(refusals.toast(t, error), show_alert=True)
        return
    await callback.answer(t.plain("toast-in-line" if submitted.created else "toast-already-in-line"))


async def as_file(
    callback: CallbackQuery,
    callback_data: keyboards.AsFile,
    person: Person,
    services: Services,
    t: Translator,
    bot: Bot,
) -> None:
    """Send the original, lossless and in its own size."""
    if callback.message is None:
        await callback.answer(t.plain("toast-stale"), show_alert=True)
        return
    try:
        original = await services.studio.original(person, callback_data.job_id, callback_data.index)
    except QueueError as error:
        await callback.answer(refusals.toast(t, error), show_alert=True)
        return
    except FileGone:
        await callback.answer(t.plain("toast-file-expired"), show_alert=True)
        return
    await callback.answer(t.plain("toast-sending-file"))
    with priority(Priority.RESULT):
        await bot.send_document(
            callback.message.chat.id,
            BufferedInputFile(original, f"kandinsky-{callback_data.job_id}-{callback_data.index + 1}.png"),
            # Without this Telegram would show a picture file as a compressed photo again.
            disable_content_type_detection=True,
            reply_parameters=ReplyParameters(message_id=callback.message.message_id, allow_sending_without_reply=True),
        )
