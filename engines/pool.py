"""The pool: tasks in, pictures out, on every device of the machine.

Light to import; `start` imports torch and opens the engines. Everything here runs on the event loop; one thread a
device does the work (`worker.py`).
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog

from engines import catalog as catalogs
from engines import devices, engine, errors, previewing, tasks, worker

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PoolState:
    """The devices as an operator sees them."""

    devices: tuple[worker.DeviceState, ...]


class Pool:
    """Owns the devices. `devices` may be a function, so that nothing looks for cards before `start`.

    With `previews`, the progress of tasks carries some.
    """

    def __init__(
        self,
        devices: Sequence[devices.Device] | Callable[[], Sequence[devices.Device]],
        catalog: engine.Catalog,
        previews: previewing.Rate | None = None,
    ) -> None:
        self._devices = devices
        self._catalog = catalog
        self._previews = previews
        self._workers: list[worker.Worker] = []
        self._turn = itertools.count()
        self._closed = False

    @classmethod
    def from_profile(
        cls,
        profile: str,
        weights_dir: Path | None = None,
        devices: str = "auto",
        threads: int | None = None,
        previews: previewing.Rate | None = None,
        encoder_bits: int | None = None,
    ) -> Self:
        """A pool of a profile (`mini`, `kandinsky3`), not started. Raises InvalidTask, CheckpointMissing.

        `devices`: `auto`, `cpu`, or `cuda:0,cuda:1`. `threads`: of one operation on the CPU; None lets the profile say.
        `encoder_bits`: as in `catalog.ProfileCatalog`.
        """
        catalog = catalogs.ProfileCatalog.of(profile, weights_dir, encoder_bits)
        return cls(lambda: _discover(devices, threads or catalog.cpu_threads), catalog, previews)

    async def start(self) -> None:
        """Open the engines on every device. Raises CheckpointError or DeviceMissing; then nothing is left running."""
        found = await asyncio.to_thread(self._devices) if callable(self._devices) else self._devices
        self._workers = [worker.Worker(device, self._catalog, previews=self._previews) for device in found]
        opened = [self._opened(one) for one in self._workers]
        reasons = [reason for reason in await asyncio.gather(*opened) if reason is not None]
        if reasons:
            await self.close()
            raise reasons[0]
        log.info("pool started", devices=[one.device.name for one in self._workers], capacity=self.capacity)

    async def close(self) -> None:
        """Stop at the next step boundary; what is not finished fails with PoolClosed. May be called twice."""
        self._closed = True
        for one in self._workers:
            one.close()
        await asyncio.gather(*(asyncio.to_thread(one.join) for one in self._workers))

    async def run(
        self,
        task: tasks.Task,
        *,
        media: tasks.Media = tasks.NO_MEDIA,
        on_progress: Callable[[tasks.Progress], None] | None = None,
    ) -> tasks.Result:
        """The result of a task, whose files are in `media` under the names that it uses. Raises EngineError.

        `on_progress` is called on this event loop at step boundaries, never after the result. Cancelling the caller
        returns at once; the device lets go of the task at its next step boundary.
        """
        if self._closed or not self._workers:
            raise errors.PoolClosed("the pool is not running")
        loop = asyncio.get_running_loop()
        run = worker.Run(task, loop, loop.create_future(), on_progress, media)
        chosen = self._least_loaded()
        chosen.submit(run)
        try:
            return await run.future
        except asyncio.CancelledError:
            run.cancelled = True
            chosen.wake()
            raise

    @property
    def capacity(self) -> int:
        """How many tasks may usefully be in flight; 0 before `start`."""
        return len(self._workers) * self._catalog.tasks_per_device

    @property
    def device_count(self) -> int:
        """How many devices paint side by side; 0 before `start`."""
        return len(self._workers)

    def state(self) -> PoolState:
        """The devices at this moment; none before `start`."""
        return PoolState(tuple(one.state() for one in self._workers))

    def _least_loaded(self) -> worker.Worker:
        """The device that owes the fewest pictures; equals take turns."""
        offset = next(self._turn) % len(self._workers)
        return min((*self._workers[offset:], *self._workers[:offset]), key=lambda one: one.load)

    def _opened(self, one: worker.Worker) -> asyncio.Future[errors.EngineError | None]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[errors.EngineError | None] = loop.create_future()
        one.start(lambda reason: _hand_over(loop, future, reason))
        return future


def _hand_over(
    loop: asyncio.AbstractEventLoop,
    future: asyncio.Future[errors.EngineError | None],
    reason: errors.EngineError | None,
) -> None:
    loop.call_soon_threadsafe(lambda: None if future.done() else future.set_result(reason))


def _discover(wanted: str, threads: int | None) -> Sequence[devices.Device]:
    return devices.discover(wanted, threads)
