"""What is old goes, and what its owner wants forgotten.

Results and their prompts go after their days, uploads after their hours, leftovers of crashes after an hour, handled
updates after two days. What was in use when its owner was forgotten goes once nothing needs it.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from bot.database.artifacts import Artifacts
    from bot.database.forgetting import Forgetting
    from bot.database.inbox import Inbox
    from bot.media import MediaStore

log = structlog.get_logger(__name__)

_EVERY_S: Final = 600.0
_ORPHAN_AFTER_S: Final = 3600.0  # a file may wait this long between being written and being known to the database


_UPDATES_KEPT: Final = timedelta(hours=48)  # Telegram repeats nothing that is older than a day


class Sweeper:
    """Deletes what nobody may ask for any more."""

    def __init__(
        self,
        artifacts: Artifacts,
        media: MediaStore,
        forgetting: Forgetting,
        inbox: Inbox,
        *,
        keep_results: timedelta,
        keep_uploads: timedelta,
    ) -> None:
        self._artifacts = artifacts
        self._media = media
        self._forgetting = forgetting
        self._inbox = inbox
        self._keep_results = keep_results
        self._keep_uploads = keep_uploads

    async def run(self) -> None:
        """Sweep now and then until cancelled."""
        while True:
            try:
                await self.sweep()
            except Exception:
                log.exception("sweep_failed")
            await asyncio.sleep(_EVERY_S)

    async def sweep(self) -> int:
        """Delete what is due and return how many old files went; they go before their rows, so a crash repeats it."""
        await self._inbox.prune(_UPDATES_KEPT)
        pruned = await self._forgetting.prune(self._keep_results)
        forgotten = await self._forgetting.finish()
        if pruned or forgotten:
            log.info("content_erased", old_jobs=pruned, users=forgotten)
        expired = await self._artifacts.expired(keep_results=self._keep_results, keep_uploads=self._keep_uploads)
        removed = await self._media.delete([file.path for file in expired])
        await self._artifacts.mark_swept(expired)
        removed += await self._media.delete(await self._orphans())
        if removed:
            log.info("files_swept", count=removed)
        return removed

    async def _orphans(self) -> list[str]:
        """Files that a crash left before the database heard of them."""
        now_s = time.time()
        old = [path for path in await self._media.files() if self._media.age_s(path, now_s) > _ORPHAN_AFTER_S]
        return await self._artifacts.unknown(old)
