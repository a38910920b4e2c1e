"""The status messages: one a job, edited in place until the result takes its place.

A message begins as text. With the first preview it becomes a photo with the same words below it, and stays one.
Everything that may be shown is only noted here; one loop turns the newest state of each job into at most one edit a
second per chat. `settle` is the hand-over to delivery: after it nothing on the board touches that message again, so
a late progress edit can never overwrite a picture.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.types import BufferedInputFile, InlineKeyboardMarkup, InputMediaPhoto, Message

from bot import answering, crash, keyboards, pictures, wording
from bot.limiter import Dropped
from bot.pacing import Priority
from bot.queue import errors
from bot.telegram_session import priority
from bot.whispering import aloud

if TYPE_CHECKING:
    from bot.queue.jobs import Job
    from bot.queue.protocol import JobQueue
    from bot.texts import Texts, Translator
    from engines import tasks

log = structlog.get_logger(__name__)

_TICK_S: Final = 0.25
_PLACES_EVERY_S: Final = 3.0
_PLACES_AT_ONCE: Final = 50  # the front of a very long line is kept fresh; the rest moves when it gets nearer


@dataclass(slots=True)
class _Line:
    """One job's status message and what it should say."""

    job: Job
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # held while a request about the message is under way
    message_id: int | None = None
    is_photo: bool = False
    progress: tasks.Progress | None = None
    preview: bytes | None = None  # the newest one that has not been shown
    previews: bool = True
    running: bool = False
    cancelling: bool = False
    settled: bool = False
    shown: str = ""
    edited_at_s: float = 0.0


class StatusBoard:
    """Shows open jobs to their owners."""

    def __init__(
        self,
        bot: Bot,
        queue: JobQueue,
        texts: Texts,
        *,
        interval_s: float,
        previews: bool = True,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bot = bot
        self._queue = queue
        self._texts = texts
        self._interval_s = interval_s
        self._previews = previews
        self._now_s = monotonic_s
        self._lines: dict[int, _Line] = {}
        self._edits: set[asyncio.Task[None]] = set()

    async def open(self, job: Job) -> None:
        """Send the status message of a fresh job, or take up the one it already has after a restart."""
        line = self._lines.setdefault(job.id, _Line(job))
        async with line.lock:
            if line.settled or line.message_id is not None:
                return
            line.message_id = job.status_message_id
            if line.message_id is not None:
                return
            text = await self._text(line)
            if text is None:
                self._drop(line)
                return
            try:
                await self._send(line, text, keyboards.status(self._translator(job), job.id))
            except TelegramAPIError as error:
                # The job goes on: its result is sent as a message of its own.
                log.warning("status_not_sent", job_id=job.id, error=type(error).__name__)

    def started(self, job: Job) -> None:
        """The job runs now."""
        line = self._lines.setdefault(job.id, _Line(job, message_id=job.status_message_id))
        line.running = True

    def waits_again(self, job_id: int) -> None:
        """The job went back into the line."""
        if line := self._lines.get(job_id):
            line.running, line.progress, line.preview = False, None, None

    def progress(self, job_id: int, progress: tasks.Progress) -> None:
        """The job stands here; older progress that was not shown yet is forgotten."""
        if line := self._lines.get(job_id):
            line.progress = progress
            if progress.preview is not None and self._previews:
                line.preview = progress.preview

    def cancelling(self, job_id: int) -> None:
        """The owner wants the running job to stop."""
        if line := self._lines.get(job_id):
            line.cancelling = True

    async def settle(self, job: Job) -> int | None:
        """Stop editing this job's message, wait for a request under way, and return its id if there is one."""
        line = self._lines.setdefault(job.id, _Line(job, message_id=job.status_message_id))
        line.settled = True
        async with line.lock:
            return line.message_id

    async def replace(self, job: Job) -> int:
        """Send a new message for an outcome that has none to go into, and return its id. Raises TelegramAPIError.

        The message is noted before the outcome goes into it, so that a repeat after a crash finds it: what may be
        doubled is this line of text, never a picture.
        """
        line = self._lines.setdefault(job.id, _Line(job))
        line.settled = True
        async with line.lock:
            return await self._send(line, self._translator(job)("status-sending"), None)

    def forget(self, job_id: int) -> None:
        """The job's outcome is delivered."""
        self._lines.pop(job_id, None)

    async def run(self) -> None:
        """Keep the messages fresh until cancelled."""
        places_at_s = 0.0
        try:
            while True:
                await asyncio.sleep(_TICK_S)
                now_s = self._now_s()
                fresh_places = now_s - places_at_s >= _PLACES_EVERY_S
                if fresh_places:
                    places_at_s = now_s
                self._edit_due_lines(now_s, fresh_places)
        finally:
            for edit in self._edits:
                edit.cancel()
            await asyncio.gather(*self._edits, return_exceptions=True)

    def _edit_due_lines(self, now_s: float, fresh_places: bool) -> None:
        places = 0
        for line in list(self._lines.values()):
            if line.settled or line.message_id is None or line.lock.locked():
                continue
            if now_s - line.edited_at_s < self._interval_s:
                continue
            if not line.running and not line.cancelling:
                places += 1
                if not fresh_places or places > _PLACES_AT_ONCE:
                    continue
            edit = asyncio.create_task(self._edit(line), name=f"status-{line.job.id}")
            self._edits.add(edit)
            edit.add_done_callback(self._edits.discard)

    async def _send(self, line: _Line, text: str, markup: InlineKeyboardMarkup | None) -> int:
        """Send the status message and note its id; to be called under the line's lock."""
        job = line.job

        def send(topic_id: int | None) -> Awaitable[Message]:
            return self._bot.send_message(
                job.chat_id,
                text,
                message_thread_id=topic_id,
                reply_markup=markup,
                reply_parameters=answering.reply_to(job),
                disable_notification=True,
            )

        with aloud():
            message = await answering.in_topic(job, send)
        crash.point(crash.Point.STATUS_SENT)
        line.message_id, line.shown, line.edited_at_s = message.message_id, text, self._now_s()
        await self._queue.set_status_message(job.id, message.message_id)
        return message.message_id

    def _drop(self, line: _Line) -> None:
        """Forget a job that ended, unless delivery has its line in hand."""
        if not line.settled and self._lines.get(line.job.id) is line:
            del self._lines[line.job.id]

    async def _edit(self, line: _Line) -> None:
        async with line.lock:
            text = await self._text(line)
            if text is None:
                self._drop(line)
            if line.settled or line.message_id is None or text is None or (text == line.shown and line.preview is None):
                return
            line.edited_at_s = self._now_s()
            with priority(Priority.PROGRESS), contextlib.suppress(Dropped):
                try:
                    await self._change(line, line.message_id, text)
                except (TelegramAPIError, OSError) as error:
                    log.info("status_not_edited", job_id=line.job.id, error=type(error).__name__)
                    return
                line.shown = text

    async def _change(self, line: _Line, message_id: int, text: str) -> None:
        """Bring the message up to date: by a new preview where there is one, else by its words alone."""
        chat_id = line.job.chat_id
        markup = None if line.cancelling else keyboards.status(self._translator(line.job), line.job.id)
        preview, line.preview = line.preview, None
        if preview is not None and line.previews and not line.cancelling:
            shown = await asyncio.to_thread(pictures.preview_for_chat, preview)
            photo = InputMediaPhoto(media=BufferedInputFile(shown, "preview.jpg"), caption=text)
            try:
                await self._bot.edit_message_media(photo, chat_id=chat_id, message_id=message_id, reply_markup=markup)
            except TelegramBadRequest as error:
                line.previews = False  # the words go on without pictures
                log.info("preview_refused", job_id=line.job.id, reason=error.message)
            else:
                line.is_photo = True
                return
        if not line.is_photo:
            try:
                await self._bot.edit_message_text(text, chat_id=chat_id, message_id=message_id, reply_markup=markup)
            except TelegramBadRequest as error:
                if not is_photo(error):
                    raise
                line.is_photo = True  # it became one before a restart
            else:
                return
        await self._bot.edit_message_caption(chat_id=chat_id, message_id=message_id, caption=text, reply_markup=markup)

    async def _text(self, line: _Line) -> str | None:
        """What the message should say now; None when the job is neither waiting nor running any more."""
        t = self._translator(line.job)
        if line.cancelling:
            return t("status-cancelling")
        if line.progress is not None:
            return wording.progress(t, line.progress)
        if line.running:
            return t("status-starting")
        try:
            place = await self._queue.place(line.job.id)
        except errors.NotFound:
            return None
        return wording.queued(t, place.position, place.eta_s)

    def _translator(self, job: Job) -> Translator:
        return self._texts.translator(job.language)


def is_photo(error: TelegramBadRequest) -> bool:
    """Telegram's answer to an edit of the text of a message that is a photo."""
    return "there is no text in the message" in error.message.lower()
