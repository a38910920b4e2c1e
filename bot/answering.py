"""Where new messages about a job go: below the message that asked, in its topic."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

from aiogram.exceptions import TelegramBadRequest
from aiogram.types import ReplyParameters

if TYPE_CHECKING:
    from bot.queue.jobs import Job

Sent = TypeVar("Sent")

# Telegram's words for a topic that nobody can write to any more.
_CLOSED: Final = ("message thread not found", "topic_closed", "topic_deleted")


def reply_to(job: Job) -> ReplyParameters | None:
    """The message that asked, as what is answered; it may be deleted meanwhile."""
    if job.reply_to_message_id is None:
        return None
    return ReplyParameters(message_id=job.reply_to_message_id, allow_sending_without_reply=True)


async def in_topic(job: Job, send: Callable[[int | None], Awaitable[Sent]]) -> Sent:
    """Send into the topic of a job, or, where it was closed or deleted meanwhile, into the chat itself."""
    try:
        return await send(job.message_thread_id)
    except TelegramBadRequest as error:
        if job.message_thread_id is None or not any(words in error.message.lower() for words in _CLOSED):
            raise
    return await send(None)
