"""Looking at a result: its original, its settings, its heart, and seeing it once more."""

from __future__ import annotations

from aiogram import Bot, Router
from aiogram.types import BufferedInputFile, CallbackQuery, InputMediaPhoto, Message, ReplyParameters

from bot import keyboards, parameters, pictures, wording
from bot.database.users import Person
from bot.media import FileGone
from bot.pacing import Priority
from bot.queue.errors import QueueError
from bot.services import Services
from bot.telegram_session import priority
from bot.texts import Translator
from handlers import refusals, result_buttons, screens
from handlers.screens import Screen


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.callback_query(keyboards.AsFile.filter())(as_file)
    routes.callback_query(keyboards.Details.filter())(details)
    routes.callback_query(keyboards.Favourite.filter())(favourite)
    routes.callback_query(keyboards.ShowAgain.filter())(show_again)
    return routes


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
        await screens.toast(callback, t.plain("toast-stale"), alert=True)
        return
    try:
        original = await services.studio.original(person, callback_data.job_id, callback_data.index)
    except (QueueError, FileGone) as error:
        await screens.toast(callback, refusals.toast(t, error), alert=True)
        return
    await screens.toast(callback, t.plain("toast-sending-file"))
    with priority(Priority.RESULT):
        await bot.send_document(
            callback.message.chat.id,
            BufferedInputFile(original, f"kandinsky-{callback_data.job_id}-{callback_data.index + 1}.png"),
            # Without this Telegram would show a picture file as a compressed photo again.
            disable_content_type_detection=True,
            reply_parameters=_reply_to(callback.message.message_id),
        )


async def details(
    callback: CallbackQuery, callback_data: keyboards.Details, person: Person, services: Services, t: Translator
) -> None:
    """Say how a picture was made, and how to make it again."""
    if not isinstance(callback.message, Message):
        await screens.toast(callback, t.plain("toast-stale"), alert=True)
        return
    try:
        job, task = await services.studio.owned(person, callback_data.job_id)
    except QueueError as error:
        await screens.toast(callback, refusals.toast(t, error), alert=True)
        return
    await screens.toast(callback)
    everything = f"{task.prompt} {parameters.render(task)}"
    text = wording.details(t, task, everything, job.cost_credits, job.run_s)
    await screens.reply(callback.message, Screen(text, keyboards.details(t, task, everything)))


async def favourite(
    callback: CallbackQuery,
    callback_data: keyboards.Favourite,
    person: Person,
    services: Services,
    t: Translator,
    bot: Bot,
) -> None:
    """Keep a result among the favourites, or no longer."""
    try:
        job, _ = await services.studio.owned(person, callback_data.job_id)
        is_favourite = not await services.history.is_favourite(person.id, job.id)
        await services.history.set_favourite(person.id, job.id, is_favourite)
    except QueueError as error:
        await screens.toast(callback, refusals.toast(t, error), alert=True)
        return
    await screens.toast(callback, t.plain("toast-kept" if is_favourite else "toast-not-kept"))
    markup = getattr(callback.message, "reply_markup", None)
    heart = keyboards.favourite(t, job.id, is_favourite=is_favourite)
    await screens.edit_buttons(callback, keyboards.replaced(markup, callback_data, heart))
    pressed = callback.message
    if pressed is None or (pressed.chat.id, pressed.message_id) != (job.chat_id, job.result_message_id):
        await result_buttons.refresh(bot, job, services, t)


async def show_again(
    callback: CallbackQuery,
    callback_data: keyboards.ShowAgain,
    person: Person,
    services: Services,
    t: Translator,
    bot: Bot,
) -> None:
    """Send the pictures of a job once more, with their buttons."""
    if callback.message is None:
        await screens.toast(callback, t.plain("toast-stale"), alert=True)
        return
    chat_id, job_id = callback.message.chat.id, callback_data.job_id
    try:
        originals = await services.studio.originals(person, job_id)
        job, task = await services.studio.owned(person, job_id)
    except (QueueError, FileGone) as error:
        await screens.toast(callback, refusals.toast(t, error), alert=True)
        return
    await screens.toast(callback, t.plain("toast-showing"))
    markup = await result_buttons.of(job, services, t)
    caption = wording.caption(t, task, job.run_s)
    files = await pictures.files_for_chat(job_id, originals)
    with priority(Priority.RESULT):
        if len(files) == 1:
            await bot.send_photo(chat_id, files[0], caption=caption, reply_markup=markup)
            return
        await bot.send_media_group(chat_id, [InputMediaPhoto(media=file) for file in files])
        await bot.send_message(chat_id, caption, reply_markup=markup)


def _reply_to(message_id: int) -> ReplyParameters:
    return ReplyParameters(message_id=message_id, allow_sending_without_reply=True)
