"""A device and a station whose every step the test allows, and whose memory it sets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from engines import devices, engine, errors, residency, tasks

WAIT_S = 20.0  # a bound for what takes milliseconds


class MemoryRanOut(Exception):
    """What the fake device calls running out of memory."""


@dataclass(slots=True)
class FakeDevice:
    """A device that counts what is asked of it."""

    name: str = "fake:0"
    budget_bytes: int = 100
    caches_freed: int = 0

    def is_out_of_memory(self, error: BaseException) -> bool:
        return isinstance(error, MemoryRanOut)

    def free_caches(self) -> None:
        self.caches_freed += 1

    def synchronize(self) -> None:
        pass


@dataclass(slots=True)
class FakeStation:
    """Engine and station in one. A picture of seed s is the bytes `s/number`; a task's lane is its ratio.

    `allow` lets that many steps happen; without a call to `gated` all may. `fits` is the largest batch in memory.
    """

    device: FakeDevice
    cap: int = 4
    fits: int = 1000
    batches: list[list[int]] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)
    released: int = 0
    on_release: Callable[[FakeStation], None] = lambda station: None
    poison: set[int] = field(default_factory=set)
    unusable: set[int] = field(default_factory=set)  # seeds whose weights turn out broken before the first step
    gate: threading.Semaphore | None = None
    to_warm: int = 0
    previewed: list[list[list[tuple[int, int]]]] = field(default_factory=list)
    may_preview: bool = True
    preview_fails: bool = False
    warmed: threading.Event = field(default_factory=threading.Event)

    def gated(self) -> FakeStation:
        self.gate = threading.Semaphore(0)
        return self

    def allow(self, steps: int) -> None:
        assert self.gate is not None
        self.gate.release(steps)

    def engine(self, task: tasks.Task) -> engine.Engine:
        if task.refine:
            raise errors.InvalidTask("the fake does not refine")
        return self

    def warm(self) -> bool:
        if self.to_warm == 0:
            self.warmed.set()
            return False
        self.to_warm -= 1
        return True

    def residents(self) -> tuple[residency.Resident, ...]:
        return (residency.Resident("u-net", 10),)

    def release(self) -> int:
        self.released += 1
        self.on_release(self)
        return 10

    def steps(self, task: tasks.Task) -> int:
        if "uncountable" in task.prompt:
            raise ValueError("the steps cannot be counted")
        return task.steps

    def prepare(self, task: tasks.Task, media: tasks.Media) -> list[engine.Unit]:
        if "unreadable" in task.prompt:
            raise ValueError("the prompt cannot be read")
        unit = engine.Unit(task.aspect_ratio, tasks.Stage.SAMPLING, 0, task.steps, (task.seed, 0))
        return [replace(unit, payload=(task.seed, i)) for i in range(task.count)]

    def advance(self, units: Sequence[engine.Unit]) -> list[engine.Unit]:
        if len(units) > self.fits:
            raise MemoryRanOut
        if any(seed(unit) in self.poison for unit in units):
            raise ZeroDivisionError("poison")
        if self.gate is not None:
            assert self.gate.acquire(timeout=WAIT_S)
        assert len({unit.lane for unit in units}) == 1
        self.batches.append([seed(unit) for unit in units])
        return [moved(unit) for unit in units]

    def finish(self, unit: engine.Unit) -> tasks.Picture:
        assert unit.sampled
        self.finished.append(seed(unit))
        assert isinstance(unit.payload, tuple)
        return tasks.Picture("{}/{}".format(*unit.payload).encode(), 64, 64, seed(unit))

    def previews(self, sheets: Sequence[Sequence[engine.Unit]]) -> list[bytes] | None:
        self.previewed.append([[(seed(unit), unit.step) for unit in units] for units in sheets])
        if self.preview_fails:
            raise ZeroDivisionError("preview")
        return [f"preview {seed(units[0])}".encode() for units in sheets] if self.may_preview else None

    def batch_cap(self, unit: engine.Unit) -> int:
        return self.cap

    def is_loaded(self, unit: engine.Unit) -> bool:
        if seed(unit) in self.unusable:
            raise errors.CheckpointInvalid("the u-net is not a safetensors file")
        return bool(self.batches)


def seed(unit: engine.Unit) -> int:
    assert isinstance(unit.payload, tuple)
    return int(unit.payload[0])


def moved(unit: engine.Unit) -> engine.Unit:
    step = unit.step + 1
    return replace(unit, step=step, stage=tasks.Stage.DECODING if step == unit.steps else unit.stage)


@dataclass(slots=True)
class FakeCatalog:
    """Stations by device name; one that is an error cannot be opened."""

    stations: dict[str, FakeStation | Exception]
    tasks_per_device: int = 4

    def open(self, device: devices.Device) -> engine.Station:
        station = self.stations[device.name]
        if isinstance(station, Exception):
            raise station
        return station


def paint(number: int, steps: int = 2, **changes: object) -> tasks.TextToImage:
    """A task whose seed is its name in the fake's log."""
    return tasks.TextToImage(**{"prompt": "a circle", "seed": number, "steps": steps, **changes})


class Watch:
    """Progress of a task as the event loop saw it, and a way to wait for a step."""

    def __init__(self) -> None:
        self.told: list[tasks.Progress] = []
        self._changed = asyncio.Event()

    def __call__(self, progress: tasks.Progress) -> None:
        self.told.append(progress)
        self._changed.set()

    async def reached(self, step: int) -> None:
        async with asyncio.timeout(WAIT_S):
            while not any(progress.step >= step for progress in self.told):
                self._changed.clear()
                await self._changed.wait()
