"""The buttons of a result as they stand now: the heart as it is, and disabled what has done its work."""

from __future__ import annotations

import contextlib

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.types import InlineKeyboardMarkup

from bot import keyboards
from bot.limiter import Dropped
from bot.queue.errors import NotFound
from bot.queue.jobs import Job
from bot.services import Services
from bot.texts import Translator
from engines import tasks


def other_model_key(job_id: int, model: tasks.Model) -> str:
    """The key of the wish to paint a job with another model."""
    return f"model:{model}:{job_id}"


def refine_key(job_id: int) -> str:
    """The key of the wish to refine a job."""
    return f"refine:{job_id}"


async def of(job: Job, services: Services, t: Translator) -> InlineKeyboardMarkup:
    """All buttons under a result. NotFound where its task has been erased."""
    studio, job_id = services.studio, job.id
    is_favourite = await services.history.is_favourite(job.user_id, job_id)
    markup = keyboards.result(t, job_id, job.user_id, job.task, studio.models, is_favourite=is_favourite)
    once: list[tuple[keyboards.OtherModel | keyboards.Refine, str]] = [
        (keyboards.OtherModel(job_id=job_id, model=model), other_model_key(job_id, model)) for model in studio.models
    ]
    once.append((keyboards.Refine(job_id=job_id), refine_key(job_id)))
    for data, key in once:
        if keyboards.has(markup, data) and await studio.is_granted(job.user_id, key):
            markup = keyboards.used_up(markup, data) or markup
    return markup


async def refresh(bot: Bot, job: Job, services: Services, t: Translator) -> None:
    """Bring the message of a result up to date, where it still is."""
    if job.result_message_id is None:
        return
    with contextlib.suppress(TelegramAPIError, Dropped, NotFound):  # the heart is kept; its picture is a courtesy
        markup = await of(job, services, t)
        await bot.edit_message_reply_markup(chat_id=job.chat_id, message_id=job.result_message_id, reply_markup=markup)
