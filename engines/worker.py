"""One device's thread: takes tasks in, advances batches of compatible units step by step, hands pictures out.

The oldest task in hand decides which lane advances next; units of the same lane from later tasks join it at its next
step. So a task waits for those before it, never for those after it, and the device does not alternate between networks.
All state below belongs to the thread, except what `Run` and `Worker` say otherwise.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import functools
import queue
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from engines import devices, engine, errors, ladder, previewing, residency, tasks

log = structlog.get_logger(__name__)

T = TypeVar("T")
OnProgress = Callable[[tasks.Progress], None]


@dataclass(eq=False, slots=True)
class Run:
    """A task in the pool. `future` is touched on its event loop only; `cancelled` is written there and read here."""

    task: tasks.Task
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[tasks.Result]
    on_progress: OnProgress | None = None
    media: tasks.Media = field(default_factory=dict)
    cancelled: bool = False
    units: list[engine.Unit] = field(default_factory=list)
    pictures: dict[int, tasks.Picture] = field(default_factory=dict)
    busy_s: float = 0.0

    def tell(self, progress: tasks.Progress) -> None:
        if self.on_progress is not None:
            self._on_loop(self._tell, progress)

    def succeed(self) -> None:
        pictures = tuple(self.pictures[i] for i in range(len(self.units)))
        self._on_loop(self._set_result, tasks.Result(pictures, round(self.busy_s * 1000)))

    def fail(self, error: errors.EngineError) -> None:
        self._on_loop(self._set_error, error)

    def _on_loop(self, call: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody is left to tell
            self.loop.call_soon_threadsafe(call, *arguments)

    def _tell(self, progress: tasks.Progress) -> None:
        if self.on_progress is not None and not self.future.done():
            self.on_progress(progress)

    def _set_result(self, result: tasks.Result) -> None:
        if not self.future.done():
            self.future.set_result(result)

    def _set_error(self, error: errors.EngineError) -> None:
        if not self.future.done():
            self.future.set_exception(error)


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device as an operator sees it."""

    name: str
    budget_bytes: int
    residents: tuple[residency.Resident, ...]
    running: int
    waiting: int


class Worker:
    """A device and its thread. `submit`, `close`, `join`, `load` and `state` may be called from other threads."""

    def __init__(
        self,
        device: devices.Device,
        catalog: engine.Catalog,
        clock: Callable[[], float] = time.perf_counter,
        previews: previewing.Rate | None = None,
    ) -> None:
        self.device = device
        self._catalog = catalog
        self._clock = clock
        self._inbox: queue.SimpleQueue[Run | None] = queue.SimpleQueue()  # None: something else has changed
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._waiting: collections.deque[Run] = collections.deque()
        self._active: list[Run] = []
        self._caps: dict[Hashable, int] = {}  # batch sizes learned from running out of memory
        self._residents: tuple[residency.Resident, ...] = ()
        self._pace = previewing.Pace(previews) if previews is not None else None
        self._cold = True  # there may be something to load ahead
        self._load = 0
        self._load_lock = threading.Lock()

    @property
    def load(self) -> int:
        """Pictures that this device still owes."""
        return self._load

    def start(self, opened: Callable[[errors.EngineError | None], None]) -> None:
        """Begin to serve. `opened` is called once, in the thread, with the reason if the engines cannot be opened."""
        self._thread = threading.Thread(
            target=self._serve, args=(opened,), name=f"pool {self.device.name}", daemon=True
        )
        self._thread.start()

    def submit(self, run: Run) -> None:
        self._add_load(run.task.count)
        self._inbox.put(run)

    def wake(self) -> None:
        """Look at cancelled runs now, not when the next task comes."""
        self._inbox.put(None)

    def close(self) -> None:
        """Fail everything with PoolClosed at the next step boundary and end the thread."""
        self._closing.set()
        self._inbox.put(None)

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def state(self) -> DeviceState:
        running = len(self._active)
        waiting = len(self._waiting) + self._inbox.qsize()
        return DeviceState(self.device.name, self.device.budget_bytes, self._residents, running, waiting)

    def _serve(self, opened: Callable[[errors.EngineError | None], None]) -> None:
        try:
            station = self._catalog.open(self.device)
        except errors.EngineError as error:
            opened(error)
            return
        except Exception as error:
            log.exception("engines could not be opened", device=self.device.name)
            opened(errors.EngineFailed(f"{type(error).__name__}: {error}"))
            return
        opened(None)
        while not self._closing.is_set():
            try:
                self._turn(station)
            except Exception as error:  # a fault of ours must not leave tasks waiting for ever
                log.exception("the device's thread failed", device=self.device.name)
                for run in list(self._active):
                    self._settle(run, errors.EngineFailed(f"{type(error).__name__}: {error}"))
        self._receive_all()
        for run in [*self._active, *self._waiting]:
            run.fail(errors.PoolClosed("the pool is shutting down"))

    def _turn(self, station: engine.Station) -> None:
        self._receive(station)
        self._drop_cancelled()
        self._admit(station)
        if self._active:
            self._step(station)
        self._residents = station.residents()

    def _receive(self, station: engine.Station) -> None:
        """Take what has come in. A device without work loads ahead, one component at a time, and then sleeps."""
        if not self._active and not self._waiting:
            while self._inbox.empty() and self._warmed(station):
                pass
            self._residents = station.residents()
            self._take(self._inbox.get())
        self._receive_all()

    def _warmed(self, station: engine.Station) -> bool:
        if not self._cold:
            return False
        try:
            self._cold = station.warm()
        except Exception as error:  # the first task that needs it will say so to its owner
            self._cold = False
            log.warning("a component could not be loaded ahead", device=self.device.name, reason=str(error))
        return self._cold

    def _receive_all(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._take(self._inbox.get_nowait())

    def _take(self, run: Run | None) -> None:
        if run is not None:
            self._waiting.append(run)

    def _drop_cancelled(self) -> None:
        for run in [run for run in (*self._active, *self._waiting) if run.cancelled]:
            self._settle(run, errors.TaskCancelled("the task was cancelled"))

    def _admit(self, station: engine.Station) -> None:
        """Prepare waiting tasks, oldest first, as long as one more is useful."""
        while self._waiting and len(self._active) < self._catalog.tasks_per_device and not self._closing.is_set():
            run = self._waiting.popleft()
            self._active.append(run)
            steps = self._asked(run, lambda task: station.engine(task).steps(task))
            if steps is None:
                continue
            run.tell(tasks.Progress(tasks.Stage.ENCODING, 0, steps))
            began = self._clock()
            if self._pace is not None and run.on_progress is not None:
                self._pace.begin(run, began)
            prepared = ladder.climb(
                [run],
                lambda runs: [station.engine(r.task).prepare(r.task, r.media) for r in runs],
                self.device,
                station.release,
            )
            run.busy_s += self._clock() - began
            units = prepared.results[0]
            if isinstance(units, errors.EngineError):
                self._settle(run, units)
            else:
                run.units = units

    def _step(self, station: engine.Station) -> None:
        """One step of the oldest task's lane, then the pictures that it completed."""
        owners = [(run, i) for run in self._active for i in range(len(run.units)) if i not in run.pictures]
        if not owners:
            return
        first_run, first = owners[0]
        unit = first_run.units[first]
        maker = station.engine(first_run.task)
        if unit.sampled:  # a task without sampling steps
            self._finish(station, owners[:1])
            return
        asked = self._asked(first_run, lambda _: (maker.batch_cap(unit), maker.is_loaded(unit)))
        if asked is None:
            return
        wanted, is_loaded = asked
        cap = self._caps.get(unit.lane, wanted)
        batch = [(run, i) for run, i in owners if run.units[i].lane == unit.lane and station.engine(run.task) is maker][
            :cap
        ]
        if not is_loaded:
            for run in dict.fromkeys(run for run, _ in batch):
                self._tell(run, tasks.Stage.LOADING)
        began = self._clock()
        advanced = ladder.climb([run.units[i] for run, i in batch], maker.advance, self.device, station.release)
        share_s = (self._clock() - began) / len(batch)
        if 0 < advanced.largest < len(batch):
            self._caps[unit.lane] = advanced.largest
            log.warning("batch reduced", device=self.device.name, batch=advanced.largest)
        for (run, i), result in zip(batch, advanced.results, strict=True):
            run.busy_s += share_s
            if isinstance(result, errors.EngineError):
                self._settle(run, result)
            else:
                run.units[i] = result
        alive = [(run, i) for run, i in batch if run in self._active]
        progressed = list(dict.fromkeys(run for run, _ in alive))
        previews = self._previews(maker, progressed)
        for run in progressed:
            self._tell(run, _stage(run), previews.get(run))
        self._finish(station, [(run, i) for run, i in alive if run.units[i].sampled])

    def _finish(self, station: engine.Station, owners: Sequence[tuple[Run, int]]) -> None:
        """Decode sampled pictures one by one, looking for cancellation in between."""
        for run, i in owners:
            if run.cancelled or run not in self._active or self._closing.is_set():
                continue
            maker = station.engine(run.task)
            began = self._clock()
            done = ladder.climb([run.units[i]], functools.partial(_finished, maker), self.device, station.release)
            run.busy_s += self._clock() - began
            picture = done.results[0]
            if isinstance(picture, errors.EngineError):
                self._settle(run, picture)
                continue
            run.pictures[i] = picture
            if len(run.pictures) == len(run.units):
                self._settle(run, None)

    def _asked(self, run: Run, question: Callable[[tasks.Task], T]) -> T | None:
        """What an engine says about a task; None where it cannot say, which ends that task and no other."""
        try:
            return question(run.task)
        except errors.EngineError as error:
            self._settle(run, error)
        except Exception as error:
            log.exception("engine failed", device=self.device.name)
            self._settle(run, errors.EngineFailed(f"{type(error).__name__}: {error}"))
        return None

    def _previews(self, maker: engine.Engine, runs: Sequence[Run]) -> dict[Run, bytes]:
        """Previews of those tasks that are due for one. A failure costs nobody more than the preview."""
        began = self._clock()
        if self._pace is None:
            return {}
        due = [run for run in runs if self._pace.is_due(run, began) and _is_half_done(run)]
        if not due:
            return {}
        try:
            sheets = maker.previews([run.units for run in due])
        except Exception as error:
            if self.device.is_out_of_memory(error):
                self.device.free_caches()
            log.warning("preview failed", device=self.device.name, error=type(error).__name__)
            self._pace.failed(self._clock())
            return {}
        now = self._clock()
        self._pace.shown([*due], began, now)
        for run in due:
            run.busy_s += (now - began) / len(due)
        return dict(zip(due, sheets, strict=True)) if sheets is not None else {}

    def _tell(self, run: Run, stage: tasks.Stage, preview: bytes | None = None) -> None:
        """Progress of a task with several pictures is the mean of theirs."""
        step = sum(unit.step for unit in run.units) // len(run.units)
        run.tell(tasks.Progress(stage, step, run.units[0].steps, preview))

    def _settle(self, run: Run, error: errors.EngineError | None) -> None:
        """The end of a run, exactly one for each."""
        if run in self._active:
            self._active.remove(run)
        elif run in self._waiting:
            self._waiting.remove(run)
        else:
            return
        self._add_load(-run.task.count)
        if self._pace is not None:
            self._pace.end(run)
        if error is None:
            run.succeed()
        else:
            log.info("task ended early", device=self.device.name, code=error.code)
            run.fail(error)

    def _add_load(self, pictures: int) -> None:
        with self._load_lock:
            self._load += pictures


def _finished(maker: engine.Engine, units: Sequence[engine.Unit]) -> list[tasks.Picture]:
    return [maker.finish(unit) for unit in units]


def _is_half_done(run: Run) -> bool:
    """Whether every picture is past its first step, and one of them before its last."""
    return all(unit.step > 0 for unit in run.units) and not all(unit.sampled for unit in run.units)


def _stage(run: Run) -> tasks.Stage:
    """What a task with several pictures is doing: what its last picture is."""
    return min(run.units, key=lambda unit: unit.step).stage
