"""What live previews cost on this machine: a preview beside a step, and pictures painted with previews and without.

    python -m benchmarks previews

Steps and previews are timed alone, in the thread that makes them. Then the same tasks go through two pools that differ
only in whether they show what they paint, in turns.
"""

from __future__ import annotations

import asyncio
import functools
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks import report
from bot import settings
from engines import catalog, devices, engine, pool, previewing, tasks

COLUMNS: Final = (
    "pictures", "shape", "step ms", "preview ms", "preview / step", "previews", "task s", "with previews s", "cost %",
)  # fmt: skip
PROMPT: Final = "a big red circle on a blue background"
ENOUGH_S: Final = 240.0  # no round begins later than this


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured."""

    steps: int
    rounds: int
    repeats: int
    rate: previewing.Rate

    def task(self, count: int, ratio: tasks.AspectRatio) -> tasks.TextToImage:
        return tasks.TextToImage(prompt=PROMPT, seed=7, count=count, aspect_ratio=ratio, steps=self.steps)


@dataclass(frozen=True, slots=True)
class Played:
    """Seconds of a task without and with previews, and how many previews it had in the mean."""

    without_s: list[float]
    with_s: list[float]
    previews: float


FULL: Final = Scale(steps=50, rounds=5, repeats=20, rate=previewing.Rate())
QUICK: Final = Scale(steps=3, rounds=1, repeats=1, rate=previewing.Rate(interval_s=0.0, share=1.0))
CASES: Final = ((1, tasks.AspectRatio.SQUARE), (1, tasks.AspectRatio.LANDSCAPE_16_9), (4, tasks.AspectRatio.SQUARE))


def run(quick: bool) -> report.Report:
    """Time steps, previews and whole tasks of one picture and of an album."""
    scale = QUICK if quick else FULL
    wanted = [scale.task(count, ratio) for count, ratio in CASES]
    alone_ms, played = _alone_ms(scale, wanted), asyncio.run(_played(scale, wanted))
    return report.Report(
        "Live previews: what they cost",
        COLUMNS,
        [_row(task, *times_ms, each) for task, times_ms, each in zip(wanted, alone_ms, played, strict=True)],
        notes=[
            f"Base tasks of {scale.steps} guided steps. Steps and previews: the fastest of {scale.repeats}; tasks: the "
            "median of the rounds, with and without previews in turns.",
            f"A task is shown at most every {scale.rate.interval_s:g} s, and previews take at most "
            f"{scale.rate.share:.0%} of a device's time: after each of them the next one waits until it is paid for.",
            "A quick picture is not shown at all: Flash on a card is there before its first preview would be.",
        ],
    )


def _row(task: tasks.TextToImage, step_ms: float, preview_ms: float, played: Played) -> tuple[report.Cell, ...]:
    plain_s, shown_s = statistics.median(played.without_s), statistics.median(played.with_s)
    cost_percent = 100 * (shown_s / plain_s - 1)
    per_step = preview_ms / step_ms
    ratio = task.aspect_ratio.value
    return task.count, ratio, step_ms, preview_ms, per_step, played.previews, plain_s, shown_s, cost_percent


def _alone_ms(scale: Scale, wanted: Sequence[tasks.TextToImage]) -> list[tuple[float, float]]:
    """The fastest step and the fastest preview of each task, in milliseconds."""
    profile, device = _profile()
    station = profile.open(device)
    found = []
    for task in wanted:
        maker = station.engine(task)
        begun = maker.advance(maker.prepare(task, tasks.NO_MEDIA))
        step = functools.partial(maker.advance, begun)
        preview = functools.partial(_shown, maker, begun)
        found.append((_fastest_ms(scale, device, step), _fastest_ms(scale, device, preview)))
    return found


def _fastest_ms(scale: Scale, device: devices.Device, work: Callable[[], object]) -> float:
    work()  # weights loaded
    times_s = []
    for _ in range(scale.repeats):
        began_s = time.perf_counter()
        work()
        device.synchronize()
        times_s.append(time.perf_counter() - began_s)
    return 1000 * min(times_s)


def _shown(maker: engine.Engine, units: list[engine.Unit]) -> list[bytes]:
    sheets = maker.previews([units])
    if sheets is None:
        raise RuntimeError("there is no room for the decoder beside the network: this device shows no previews")
    return sheets


async def _played(scale: Scale, wanted: Sequence[tasks.TextToImage]) -> list[Played]:
    """The tasks through both pools, in turns."""
    profile, device = _profile()
    plain, showing = pool.Pool([device], profile), pool.Pool([device], profile, scale.rate)
    await asyncio.gather(plain.start(), showing.start())
    try:
        for one in (plain, showing):
            await one.run(wanted[0].model_copy(update={"steps": 2}))  # weights loaded, prompt encoded
        return [await _turns(scale, task, plain, showing) for task in wanted]
    finally:
        await asyncio.gather(plain.close(), showing.close())


async def _turns(scale: Scale, task: tasks.TextToImage, plain: pool.Pool, showing: pool.Pool) -> Played:
    told: list[tasks.Progress] = []
    without_s: list[float] = []
    with_s: list[float] = []
    sides = [(plain, without_s), (showing, with_s)]
    began_s = time.perf_counter()
    for turn in range(scale.rounds):
        if turn and time.perf_counter() - began_s > ENOUGH_S / len(CASES):
            break
        for one, times_s in sides[:: -1 if turn % 2 else 1]:
            start_s = time.perf_counter()
            await one.run(task, on_progress=told.append)
            times_s.append(time.perf_counter() - start_s)
    return Played(without_s, with_s, sum(progress.preview is not None for progress in told) / len(with_s))


def _profile() -> tuple[catalog.ProfileCatalog, devices.Device]:
    """The operator's profile, and its first device."""
    chosen = settings.load().engines
    profile = catalog.ProfileCatalog.of(chosen.profile, chosen.weights_dir)
    return profile, next(iter(devices.discover(chosen.devices, chosen.cpu_threads or profile.cpu_threads)))
