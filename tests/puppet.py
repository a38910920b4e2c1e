"""An engine pool that paints exactly when a test says so: the edge of the machine in conversation tests.

Everything around it is real: HTTP, SQLite, files, the queue. Tests of the pool itself and end-to-end tests use the real
engines.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image

from engines import tasks
from engines.errors import EngineError
from engines.pool import PoolState
from engines.residency import Resident
from engines.worker import DeviceState


def png(colour: tuple[int, int, int] = (200, 30, 40), width_px: int = 128, height_px: int = 128) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (width_px, height_px), colour).save(out, format="PNG")
    return out.getvalue()


@dataclass(slots=True)
class Painting:
    """A task in the pool, waiting for the test."""

    task: tasks.Task
    report: Callable[[tasks.Progress], None]
    outcome: asyncio.Future[tasks.Result] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    cancelled: bool = False
    media: tasks.Media = field(default_factory=dict)

    def step(self, step: int, steps: int = 50, stage: tasks.Stage = tasks.Stage.SAMPLING) -> None:
        """Report progress."""
        self.report(tasks.Progress(stage, step, steps))

    def finish(self, gpu_ms: int = 1000) -> None:
        """Give the pictures."""
        pictures = tuple(tasks.Picture(png(), 128, 128, self.task.seed) for _ in range(self.task.count))
        self.outcome.set_result(tasks.Result(pictures, gpu_ms))

    def fail(self, error: EngineError) -> None:
        """Fail as an engine would."""
        self.outcome.set_exception(error)


class PuppetPool:
    """Implements the pool's interface; `next()` gives the test the next task that the bot has started."""

    def __init__(self, capacity: int = 1, *, at_once: bool = False) -> None:
        self.capacity = capacity
        self.device_count = 1
        self.at_once = at_once  # paint without being told
        self.started: asyncio.Queue[Painting] = asyncio.Queue()
        self.painted = 0
        self.busy = 0  # tasks in hand

    async def start(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""

    def state(self) -> PoolState:
        """One device with one network in its memory."""
        unet = Resident("unet", 3 * 2**30, leased=True)
        return PoolState((DeviceState("puppet", 12 * 2**30, (unet,), running=self.busy, waiting=0),))

    async def run(
        self,
        task: tasks.Task,
        *,
        media: tasks.Media = tasks.NO_MEDIA,
        on_progress: Callable[[tasks.Progress], None] | None = None,
    ) -> tasks.Result:
        """Wait until the test finishes the painting."""
        painting = Painting(task, on_progress or (lambda progress: None), media=media)
        if self.at_once:
            painting.finish()
        self.started.put_nowait(painting)
        self.busy += 1
        try:
            result = await painting.outcome
        except asyncio.CancelledError:
            painting.cancelled = True
            raise
        finally:
            self.busy -= 1
        self.painted += 1
        return result

    async def next(self) -> Painting:
        """The next task that the bot has started."""
        return await asyncio.wait_for(self.started.get(), 60)
