"""Results on their way to the chat: each job's outcome is shown once.

The status message is edited into the result. Telegram has no idempotency key, but a repeat of that edit after a
crash replaces the picture by the same picture: still one message. Where the status message is gone, a new one is sent
and noted first, and then edited in the same way.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError
from aiogram.types import InlineKeyboardMarkup, InputMediaPhoto

from bot import answering, crash, keyboards, pictures, wording
from bot.board import is_photo
from bot.database.models import JobStatus
from bot.media import FileGone, MediaStore
from bot.pacing import Priority
from bot.queue.errors import NotFound
from bot.telegram_session import priority

if TYPE_CHECKING:
    from bot.board import StatusBoard
    from bot.database.artifacts import Artifacts
    from bot.database.users import Users
    from bot.queue.jobs import Job
    from bot.queue.protocol import JobQueue
    from bot.texts import Texts, Translator
    from engines import tasks

log = structlog.get_logger(__name__)

_REFUSALS_LIMIT: Final = 5
# Telegram's words for "there is no such message to edit any more"; anything else is a failure worth a retry.
_GONE: Final = ("message to edit not found", "message can't be edited", "message_id_invalid", "message identifier")


class Delivery:
    """Shows finished, failed and cancelled jobs to their owners."""

    def __init__(
        self,
        bot: Bot,
        queue: JobQueue,
        board: StatusBoard,
        artifacts: Artifacts,
        media: MediaStore,
        texts: Texts,
        users: Users,
        *,
        models: Sequence[tasks.Model],
        retry_every_s: float = 20.0,
    ) -> None:
        self._bot = bot
        self._artifacts = artifacts
        self._queue = queue
        self._board = board
        self._media = media
        self._texts = texts
        self._users = users
        self._models = models
        self._retry_every_s = retry_every_s
        self._wanted: asyncio.Queue[int] = asyncio.Queue()
        self._pending: set[int] = set()
        self._refusals: Counter[int] = Counter()

    def notify(self, job_id: int) -> None:
        """The job has an outcome; it is delivered soon."""
        if job_id not in self._pending:
            self._pending.add(job_id)
            self._wanted.put_nowait(job_id)

    async def run(self) -> None:
        """Deliver until cancelled; what could not be delivered is tried again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._retry())
            group.create_task(self._deliver_wanted())

    async def _retry(self) -> None:
        while True:
            await asyncio.sleep(self._retry_every_s)
            await self.recover()

    async def _deliver_wanted(self) -> None:
        workers: set[asyncio.Task[None]] = set()
        try:
            while True:
                job_id = await self._wanted.get()
                worker = asyncio.create_task(self._deliver(job_id), name=f"deliver-{job_id}")
                workers.add(worker)
                worker.add_done_callback(workers.discard)
        finally:
            # An answer from Telegram that is under way is worth a moment: it spares a repeat at the next start.
            if workers:
                await asyncio.wait(workers, timeout=5)
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def recover(self) -> None:
        """Take up every outcome that no user has been shown."""
        for job in await self._queue.undelivered():
            self.notify(job.id)

    async def _deliver(self, job_id: int) -> None:
        try:
            job = await self._queue.get(job_id)
            if job.delivered_at is not None or job.status not in _OUTCOMES:
                return
            message_id = await self._board.settle(job)
            crash.point(crash.Point.BEFORE_DELIVERY)
            with priority(Priority.RESULT):
                shown = await self._show(job, message_id)
            crash.point(crash.Point.AFTER_DELIVERY)
            await self._queue.mark_delivered(job.id, shown)
            self._board.forget(job.id)
        except TelegramForbiddenError:
            await self._note_blocked(job_id)
            await self._give_up(job_id, "owner_unreachable")
        except NotFound:
            await self._give_up(job_id, "result_forgotten")
        except TelegramBadRequest as error:
            # Telegram will hardly change its mind; a few repeats cover what changes on our side (a restart, a chat).
            self._refusals[job_id] += 1
            log.warning("delivery_refused", job_id=job_id, refusals=self._refusals[job_id], reason=error.message)
            if self._refusals[job_id] >= _REFUSALS_LIMIT or "chat not found" in error.message.lower():
                await self._give_up(job_id, "delivery_given_up")
        except (TelegramAPIError, OSError) as error:
            log.warning("delivery_failed", job_id=job_id, error=type(error).__name__)
        except Exception:
            log.exception("delivery_failed", job_id=job_id)
        finally:
            self._pending.discard(job_id)

    async def _note_blocked(self, job_id: int) -> None:
        """In a private chat the owner has blocked the bot; in a group the bot was put out."""
        job = await self._queue.get(job_id)
        if job.chat_id == job.user_id:
            await self._users.set_blocked(job.user_id, True)

    async def _give_up(self, job_id: int, event: str) -> None:
        """Nobody can be shown this outcome; the files stay until they are swept."""
        log.info(event, job_id=job_id)
        await self._queue.mark_delivered(job_id, None)
        self._board.forget(job_id)
        del self._refusals[job_id]

    async def _show(self, job: Job, message_id: int | None) -> int:
        """Put the outcome into the chat and return the message that carries its buttons."""
        t = self._texts.translator(job.language)
        match job.status:
            case JobStatus.DONE:
                return await self._show_pictures(job, message_id, t)
            case JobStatus.CANCELLED:
                return await self._show_text(job, message_id, t("status-cancelled", credits=job.cost_credits), None)
            case _:
                text = wording.failure(t, job.error_code or "unknown", job.cost_credits)
                return await self._show_text(job, message_id, text, keyboards.failed(t, job.id, job.user_id))

    async def _show_pictures(self, job: Job, message_id: int | None, t: Translator) -> int:
        task = job.task
        markup = keyboards.result(t, job.id, job.user_id, task, self._models)
        artifacts = await self._artifacts.of_job(job.id)
        try:
            originals = [await self._media.read(artifact.path) for artifact in artifacts]
        except FileGone:
            log.error("artifact_missing", job_id=job.id)
            return await self._show_text(job, message_id, t("file-expired"), markup)
        shown = await pictures.files_for_chat(job.id, originals)
        caption = wording.caption(t, task, job.run_s)
        if len(shown) == 1:
            return await self._put(
                job,
                message_id,
                lambda into: self._bot.edit_message_media(
                    InputMediaPhoto(media=shown[0], caption=caption),
                    chat_id=job.chat_id,
                    message_id=into,
                    reply_markup=markup,
                ),
            )
        # Caption and buttons come first, because an album cannot carry buttons and repeating the edit does no harm.
        # An album is new messages: a crash between Telegram's answer and our note of it shows it twice. This is the
        # one such place.
        carrier_id = await self._show_carrier(job, message_id, caption, markup)
        await answering.in_topic(
            job,
            lambda topic_id: self._bot.send_media_group(
                job.chat_id,
                [InputMediaPhoto(media=file) for file in shown],
                message_thread_id=topic_id,
                reply_parameters=answering.reply_to(job),
            ),
        )
        return carrier_id

    async def _show_carrier(self, job: Job, message_id: int | None, text: str, markup: InlineKeyboardMarkup) -> int:
        """Put words and buttons into a text message: a preview that stands there gives way to a new message."""
        try:
            return await self._put_text(job, message_id, text, markup)
        except TelegramBadRequest as error:
            if message_id is None or not is_photo(error):
                raise
        # The preview goes first: a repeat after a failure knows the new message and nothing of the old one.
        with contextlib.suppress(TelegramBadRequest):  # its reader may have deleted it
            await self._bot.delete_message(job.chat_id, message_id)
        return await self._put_text(job, None, text, markup)

    async def _show_text(self, job: Job, message_id: int | None, text: str, markup: InlineKeyboardMarkup | None) -> int:
        """Put words into the status message, below the preview where there is one."""
        try:
            return await self._put_text(job, message_id, text, markup)
        except TelegramBadRequest as error:
            if message_id is None or not is_photo(error):
                raise
        return await self._put(
            job,
            message_id,
            lambda into: self._bot.edit_message_caption(
                chat_id=job.chat_id, message_id=into, caption=text, reply_markup=markup
            ),
        )

    async def _put_text(self, job: Job, message_id: int | None, text: str, markup: InlineKeyboardMarkup | None) -> int:
        return await self._put(
            job,
            message_id,
            lambda into: self._bot.edit_message_text(text, chat_id=job.chat_id, message_id=into, reply_markup=markup),
        )

    async def _put(self, job: Job, message_id: int | None, edit: Callable[[int], Awaitable[object]]) -> int:
        """Edit an outcome into the status message, or into a new one where there is none any more."""
        if message_id is not None:
            try:
                await edit(message_id)
            except TelegramBadRequest as error:
                if not _is_gone(error):
                    raise
            else:
                return message_id
        replaced_id = await self._board.replace(job)
        await edit(replaced_id)
        return replaced_id


_OUTCOMES: Final = (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)


def _is_gone(error: TelegramBadRequest) -> bool:
    text = error.message.lower()
    return any(words in text for words in _GONE)
