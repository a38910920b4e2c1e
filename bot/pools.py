"""The bot's view of an engine pool, and the way from the operator's settings to one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from engines import pool, previewing, tasks

if TYPE_CHECKING:
    from bot.settings import EngineSettings


class TaskPool(Protocol):
    """Paints tasks: engines.pool.Pool in this process, or whatever keeps the same promises elsewhere."""

    @property
    def capacity(self) -> int:
        """How many tasks may usefully be in flight; 0 before `start`."""

    @property
    def device_count(self) -> int:
        """How many devices paint side by side; 0 before `start`."""

    async def start(self) -> None:
        """Load what is needed to paint. Raises EngineError."""

    async def close(self) -> None:
        """Stop at the next step boundary; tasks that are not finished fail with PoolClosed."""

    async def run(
        self,
        task: tasks.Task,
        *,
        media: tasks.Media = tasks.NO_MEDIA,
        on_progress: Callable[[tasks.Progress], None] | None = None,
    ) -> tasks.Result:
        """The result of a task, whose files are in `media`. Raises EngineError. Cancelling the caller cancels it."""

    def state(self) -> pool.PoolState:
        """The devices as an operator sees them; none before `start`."""


def pool_for(settings: EngineSettings, *, previews: bool = False) -> TaskPool:
    """The pool that the settings describe, not started: nothing is loaded and torch is not imported yet.

    With `previews`, progress shows now and then what is being painted.
    """
    return pool.Pool.from_profile(
        settings.profile,
        weights_dir=settings.weights_dir,
        devices=settings.devices,
        threads=settings.cpu_threads,
        encoder_bits=settings.text_encoder_bits,
        previews=previewing.Rate() if previews else None,
    )
