"""The seam between the pool and what paints: units, engines, and a station of engines on one device.

A unit is one picture on its way, immutable. The pool decides which units advance together and when; an engine only
knows how. All methods of a station and its engines are called from one thread.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

from engines import devices, residency, tasks


@dataclass(frozen=True, slots=True)
class Unit:
    """One picture after `step` of `steps` steps. Units of equal lanes may advance in one batch.

    `stage` is what comes next; DECODING means that no step is left. `payload` belongs to the engine.
    """

    lane: Hashable
    stage: tasks.Stage
    step: int
    steps: int
    payload: object

    @property
    def sampled(self) -> bool:
        return self.stage is tasks.Stage.DECODING


class Engine(Protocol):
    """Paints tasks of its kinds on one device."""

    def steps(self, task: tasks.Task) -> int:
        """Sampling steps that each picture of the task takes. Raises InvalidTask."""
        ...

    def prepare(self, task: tasks.Task, media: tasks.Media) -> list[Unit]:
        """A unit for each picture of the task, whose files are in `media`. Raises InvalidTask, CheckpointError."""
        ...

    def advance(self, units: Sequence[Unit]) -> list[Unit]:
        """Units of one lane, one step further, in order."""
        ...

    def finish(self, unit: Unit) -> tasks.Picture:
        """The picture of a sampled unit."""
        ...

    def previews(self, sheets: Sequence[Sequence[Unit]]) -> list[bytes] | None:
        """A JPEG of the units of each task as they stand, all past their first step; see `tasks.Progress`.

        None where weights would have to make room for it. Units stay as they are.
        """
        ...

    def batch_cap(self, unit: Unit) -> int:
        """How many units of this one's lane are worth advancing together."""
        ...

    def is_loaded(self, unit: Unit) -> bool:
        """Whether the next step can begin without loading weights. Raises CheckpointError where they cannot be used."""
        ...


class Station(Protocol):
    """The engines of one device and the components that they share."""

    def engine(self, task: tasks.Task) -> Engine:
        """The engine for a task, always the same one. Raises InvalidTask, CheckpointError."""
        ...

    def warm(self) -> bool:
        """Load one more component that fits beside what is there; False when there is none. Raises CheckpointError."""
        ...

    def residents(self) -> tuple[residency.Resident, ...]:
        """What is in the device's memory now."""
        ...

    def release(self) -> int:
        """Let go of every component that is not in use; bytes freed."""
        ...


class Catalog(Protocol):
    """Knows which engines a profile has; `catalog.ProfileCatalog` is the real one."""

    @property
    def tasks_per_device(self) -> int:
        """How many tasks in flight on one device are useful."""
        ...

    def open(self, device: devices.Device) -> Station:
        """Engines ready to load on first use. Called in the device's thread. Raises CheckpointError."""
        ...
