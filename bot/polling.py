"""Long polling that acknowledges nothing before it is stored.

The offset moves only after `Intake.accept` has committed, so a process killed at any moment is sent the same updates
again. A second poller with the same token is an operator's mistake and stops this one with a clear error.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramConflictError, TelegramRetryAfter, TelegramUnauthorizedError

from bot.errors import StartError
from bot.intake import Intake

log = structlog.get_logger(__name__)

_LONG_POLL_S: Final = 30
_BACKOFF_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
_CONFLICTS_BEFORE_GIVING_UP: Final = 5  # a restart meets its predecessor's open poll once or twice


class Poller:
    """Fetches updates until cancelled; `ready` is set once Telegram has answered the first request."""

    def __init__(self, bot: Bot, intake: Intake, allowed_updates: list[str]) -> None:
        self._bot = bot
        self._intake = intake
        self._allowed = allowed_updates
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Poll for ever. Raises StartError when another process polls with the same token."""
        offset: int | None = None
        failures = conflicts = 0
        while True:
            try:
                updates = await self._bot.get_updates(
                    offset=offset,
                    timeout=_LONG_POLL_S if self.ready.is_set() else 0,
                    allowed_updates=self._allowed,
                    request_timeout=_LONG_POLL_S + 10,
                )
            except TelegramUnauthorizedError as error:
                raise StartError("Telegram does not know this BOT_TOKEN. Ask @BotFather for the right one.") from error
            except TelegramConflictError as error:
                conflicts += 1
                if conflicts >= _CONFLICTS_BEFORE_GIVING_UP:
                    raise StartError(
                        "Another program receives updates with this BOT_TOKEN. Stop it, or use another token."
                    ) from error
                await asyncio.sleep(_BACKOFF_S[min(conflicts, len(_BACKOFF_S)) - 1])
            except TelegramRetryAfter as error:
                await asyncio.sleep(error.retry_after)
            except (TelegramAPIError, TimeoutError, OSError) as error:
                failures += 1
                pause_s = _BACKOFF_S[min(failures, len(_BACKOFF_S)) - 1]
                log.warning("polling_failed", error=type(error).__name__, failures=failures, pause_s=pause_s)
                await asyncio.sleep(pause_s)
            else:
                failures = conflicts = 0
                self.ready.set()
                await self._intake.accept(updates)
                if updates:
                    offset = updates[-1].update_id + 1
