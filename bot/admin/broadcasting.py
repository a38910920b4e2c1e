"""Carries a broadcast to everybody: one message after another, after everything that somebody waits for.

The turn of each recipient is committed before the message goes, so a process that is killed goes on with the next one
and never doubles a message. The admin sees a bar, may stop it, and gets a report.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError

from bot.admin import keyboards, wording
from bot.database.broadcasts import Outcome
from bot.database.models import BroadcastStatus
from bot.limiter import Dropped
from bot.pacing import Priority
from bot.telegram_session import priority

if TYPE_CHECKING:
    from bot.database.broadcasts import Broadcast, Broadcasts
    from bot.database.users import Users
    from bot.texts import Texts, Translator

log = structlog.get_logger(__name__)

_BAR_EVERY_S: Final = 2.0
_LAST_WORD_S: Final = 5.0  # how long a stop of the process waits for the message under way
_RETRY_S: Final = 5.0
_SOURCE_GONE: Final = "message to copy not found"


class Broadcaster:
    """Sends what admins have confirmed; one broadcast at a time."""

    def __init__(
        self,
        bot: Bot,
        broadcasts: Broadcasts,
        users: Users,
        texts: Texts,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bot = bot
        self._broadcasts = broadcasts
        self._users = users
        self._texts = texts
        self._now_s = monotonic_s
        self._work = asyncio.Event()
        self._bar_at_s = 0.0

    async def draft(self, admin_id: int, source_message_id: int) -> Broadcast:
        """Note a message of the admin's private chat as what may be sent."""
        return await self._broadcasts.draft(admin_id, source_message_id)

    async def ask(self, draft: Broadcast, message_id: int) -> None:
        """Note the message with the question; the bar and the report take its place."""
        await self._broadcasts.set_report(draft.id, message_id)

    async def is_busy(self) -> bool:
        """A broadcast is on its way."""
        unfinished = await self._broadcasts.unfinished()
        return unfinished is not None and unfinished.status is BroadcastStatus.RUNNING

    async def start(self, broadcast_id: int) -> Broadcast | None:
        """Let a confirmed draft run; None where it is no draft any more or another one runs."""
        started = await self._broadcasts.start(broadcast_id)
        if started is not None:
            log.info("broadcast_started", broadcast_id=started.id, recipients=started.recipients)
            self._work.set()
        return started

    async def drop(self, broadcast_id: int) -> Broadcast | None:
        """Forget a draft."""
        return await self._broadcasts.close(broadcast_id, BroadcastStatus.DROPPED)

    async def stop(self, broadcast_id: int) -> Broadcast | None:
        """Stop after the message that is under way."""
        return await self._broadcasts.close(broadcast_id, BroadcastStatus.STOPPED)

    async def run(self) -> None:
        """Send until cancelled; a broadcast that a restart interrupted goes on."""
        while True:
            self._work.clear()
            try:
                unfinished = await self._broadcasts.unfinished()
                if unfinished is None:
                    await self._work.wait()
                    continue
                if unfinished.status is BroadcastStatus.RUNNING:
                    await self._carry(unfinished)
                await self._report(unfinished.id)
            except Exception:
                # The database is out of reach. It goes on as after a restart: who is in hand is counted as unsure.
                log.exception("broadcast_interrupted")
                await asyncio.sleep(_RETRY_S)

    async def _carry(self, broadcast: Broadcast) -> None:
        outcome: Outcome | None = None
        while (user_id := await self._broadcasts.turn(broadcast.id, outcome)) is not None:
            sending = asyncio.create_task(self._send(broadcast, user_id))
            try:
                outcome = await asyncio.shield(sending)
            except asyncio.CancelledError:
                # The process stops in good order: the outcome of the message under way is worth a moment.
                await asyncio.wait({sending}, timeout=_LAST_WORD_S)
                if sending.done() and not sending.cancelled():
                    await self._broadcasts.note(broadcast.id, sending.result())
                sending.cancel()
                raise
            await self._show_bar(broadcast)

    async def _send(self, broadcast: Broadcast, user_id: int) -> Outcome:
        try:
            with priority(Priority.BROADCAST):
                await self._bot.copy_message(user_id, broadcast.admin_id, broadcast.source_message_id)
        except TelegramForbiddenError:
            await self._users.set_blocked(user_id, True)
            return Outcome.BLOCKED
        except TelegramBadRequest as error:
            if _SOURCE_GONE in error.message.lower():
                log.warning("broadcast_source_gone", broadcast_id=broadcast.id)
                await self._broadcasts.close(broadcast.id, BroadcastStatus.STOPPED)
            return Outcome.FAILED
        except Exception as error:  # whatever it is, the others still get theirs
            log.warning("broadcast_not_delivered", broadcast_id=broadcast.id, error=type(error).__name__)
            return Outcome.FAILED
        return Outcome.SENT

    async def _show_bar(self, broadcast: Broadcast) -> None:
        if self._now_s() - self._bar_at_s < _BAR_EVERY_S:
            return
        self._bar_at_s = self._now_s()
        now = await self._broadcasts.get(broadcast.id)
        if now is not None and now.status is BroadcastStatus.RUNNING:
            t = await self._translator(now)
            with priority(Priority.PROGRESS):
                await self._edit(now, wording.broadcast_running(t, now), t)

    async def _report(self, broadcast_id: int) -> None:
        ended = await self._broadcasts.get(broadcast_id)
        if ended is None:
            return
        log.info(
            "broadcast_ended",
            broadcast_id=ended.id,
            status=ended.status.value,
            sent=ended.sent,
            blocked=ended.blocked,
            failed=ended.failed,
            unsure=ended.unsure,
        )
        t = await self._translator(ended)
        await self._edit(ended, wording.broadcast_report(t, ended), t)
        await self._broadcasts.mark_reported(ended.id)

    async def _edit(self, broadcast: Broadcast, text: str, t: Translator) -> None:
        if broadcast.report_message_id is None:
            return
        running = broadcast.status is BroadcastStatus.RUNNING
        try:
            await self._bot.edit_message_text(
                text,
                chat_id=broadcast.admin_id,
                message_id=broadcast.report_message_id,
                reply_markup=keyboards.broadcast_running(t, broadcast.id) if running else None,
            )
        except Dropped:
            return
        except (TelegramAPIError, OSError) as error:
            log.info("broadcast_bar_not_shown", broadcast_id=broadcast.id, error=type(error).__name__)

    async def _translator(self, broadcast: Broadcast) -> Translator:
        admin = await self._users.find(broadcast.admin_id)
        return self._texts.translator(None if admin is None else admin.language or admin.language_code)
