"""An engine pool that paints without models, in a few steps of a chosen length."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from engines import tasks
from engines.pool import PoolState
from tests import puppet

STEPS: Final = 4
FOR_EVER_S: Final = 3600.0


class QuickPool:
    """Implements the pool's interface; the same task gives the same picture in every process."""

    def __init__(self, *, capacity: int = 1, step_s: float = 0.01) -> None:
        self.capacity = capacity
        self.device_count = 1
        self.painted = 0
        self._step_s = step_s

    async def start(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""

    def state(self) -> PoolState:
        """No device to speak of."""
        return PoolState(())

    async def run(
        self,
        task: tasks.Task,
        *,
        media: tasks.Media = tasks.NO_MEDIA,
        on_progress: Callable[[tasks.Progress], None] | None = None,
    ) -> tasks.Result:
        """A picture of one colour, which the seed decides."""
        for step in range(STEPS):
            if on_progress is not None:
                on_progress(tasks.Progress(tasks.Stage.SAMPLING, step, STEPS))
            await asyncio.sleep(self._step_s)
        self.painted += 1
        colour = (task.seed % 256, task.seed // 256 % 256, task.seed // 65536 % 256)
        picture = tasks.Picture(puppet.png(colour), 128, 128, task.seed)
        return tasks.Result((picture,) * task.count, gpu_ms=round(STEPS * self._step_s * 1000) or 1)
