"""What several tasks in hand bring on this machine: waiting times of mixed arrivals, one at a time and step by step.

    python -m benchmarks sampler_batching

A plan of arrivals at random moments is played in real time to pools that differ only in how many tasks a device may
have in hand. With one, a task is painted from its first step to its last before the next begins; with more, tasks of
the same network advance in one batch, joining and leaving between steps.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from benchmarks import report
from bot import settings
from engines import catalog, devices, engine, pool, tasks

COLUMNS: Final = (
    "tasks in hand", "requests", "mean s", "median s", "p95 s", "Flash mean s", "base mean s", "all done s",
    "mean / one at a time", "p95 / one at a time",
)  # fmt: skip
PROMPT: Final = "a big red circle on a blue background"
LOAD: Final = 0.8  # of what the device can paint one at a time
ENOUGH_S: Final = 120.0  # no round begins later than this
FLASH_SHARE: Final = 0.75
MODELS: Final = (tasks.Model.KANDINSKY_3, tasks.Model.KANDINSKY_3_FLASH)  # one pool with one text encoder


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured; `steps` are those of a base task."""

    requests: int
    steps: int
    in_hand: tuple[int, ...]
    rounds: int

    def task(self, model: tasks.Model, seed: int) -> tasks.TextToImage:
        return tasks.TextToImage(prompt=PROMPT, model=model, seed=seed, steps=self.steps)


FULL: Final = Scale(requests=24, steps=20, in_hand=(1, 2, 4, 8), rounds=2)
QUICK: Final = Scale(requests=3, steps=2, in_hand=(1, 2), rounds=1)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A task, and when it comes."""

    at_s: float
    task: tasks.TextToImage


@dataclass(frozen=True, slots=True)
class InHand:
    """A catalog that lets a device have so many tasks in hand; everything else is the profile's."""

    profile: catalog.ProfileCatalog
    tasks_per_device: int

    def open(self, device: devices.Device) -> engine.Station:
        return self.profile.open(device)


@dataclass(frozen=True, slots=True)
class Played:
    """Seconds from arrival to picture, by model, and until the last picture."""

    latencies_s: dict[tasks.Model, list[float]]
    all_done_s: float

    @property
    def all_s(self) -> list[float]:
        return [value for values in self.latencies_s.values() for value in values]


def run(quick: bool) -> report.Report:
    """Play one plan to every pool, in rounds of alternating order."""
    scale = QUICK if quick else FULL
    played, busy_s = asyncio.run(_measured(scale))
    alone = played[1]
    return report.Report(
        "Mixed arrivals: several tasks in hand against one at a time",
        COLUMNS,
        [(number, *_row(played[number], alone)) for number in scale.in_hand],
        notes=[
            f"Arrivals at random moments (Poisson), {FLASH_SHARE:.0%} Flash, the others base with {scale.steps} steps, "
            f"as many as keep a device {LOAD:.0%} busy that paints one at a time ({_spoken(busy_s)}).",
            "The same arrivals for every row and round; every second round goes through the rows backwards.",
            "What a batch costs beside a single picture differs between models, processors and cards: the figures are "
            "those of this machine and these weights only.",
        ],
    )


async def _measured(scale: Scale) -> tuple[dict[int, list[Played]], dict[tasks.Model, float]]:
    async with _running(1) as alone:
        busy_s = {model: await _busy_s(alone, scale, model) for model in MODELS}
    plan = arrivals(scale, busy_s)
    played: dict[int, list[Played]] = {}
    began_s = time.perf_counter()
    for turn in range(scale.rounds):
        if time.perf_counter() - began_s > ENOUGH_S:
            break
        for number in scale.in_hand[:: -1 if turn % 2 else 1]:
            print(f"sampler_batching: {number} in hand, {plan[-1].at_s:.0f} s of arrivals", file=sys.stderr)
            async with _running(number) as running:
                for model in MODELS:  # weights loaded, prompt encoded
                    await running.run(scale.task(model, seed=0))
                played.setdefault(number, []).append(await _play(running, plan))
    return played, busy_s


def arrivals(scale: Scale, busy_s: dict[tasks.Model, float]) -> list[Arrival]:
    """A plan that is the same each time: so many tasks, at moments that keep a device busy for LOAD of the time."""
    dice = random.Random(1)
    models = [dice.choices(list(busy_s), [_share(model) for model in busy_s])[0] for _ in range(scale.requests)]
    gap_s = statistics.mean(busy_s[model] for model in models) / LOAD
    plan, at_s = [], 0.0
    for seed, model in enumerate(models):
        plan.append(Arrival(at_s, scale.task(model, seed)))
        at_s += dice.expovariate(1 / gap_s)
    return plan


def _share(model: tasks.Model) -> float:
    return FLASH_SHARE if model is tasks.Model.KANDINSKY_3_FLASH else 1 - FLASH_SHARE


@asynccontextmanager
async def _running(tasks_in_hand: int) -> AsyncIterator[pool.Pool]:
    """The operator's pool, with so many tasks in hand."""
    chosen = settings.load().engines
    profile = catalog.ProfileCatalog.of(chosen.profile, chosen.weights_dir)
    threads = chosen.cpu_threads or profile.cpu_threads
    running = pool.Pool(lambda: devices.discover(chosen.devices, threads), InHand(profile, tasks_in_hand))
    await running.start()
    try:
        yield running
    finally:
        await running.close()


async def _busy_s(alone: pool.Pool, scale: Scale, model: tasks.Model) -> float:
    """Seconds that a device takes for one task, loaded and encoded before."""
    await alone.run(scale.task(model, seed=0))
    began_s = time.perf_counter()
    await alone.run(scale.task(model, seed=1))
    return time.perf_counter() - began_s


async def _play(running: pool.Pool, plan: Sequence[Arrival]) -> Played:
    latencies_s: dict[tasks.Model, list[float]] = {model: [] for model in MODELS}
    began_s = time.perf_counter()

    async def one(arrival: Arrival) -> None:
        due_s = began_s + arrival.at_s
        await asyncio.sleep(due_s - time.perf_counter())
        await running.run(arrival.task)
        latencies_s[arrival.task.model].append(time.perf_counter() - due_s)

    await asyncio.gather(*(one(arrival) for arrival in plan))
    return Played(latencies_s, time.perf_counter() - began_s)


def _row(played: Sequence[Played], alone: Sequence[Played]) -> tuple[report.Cell, ...]:
    latencies_s = _all_s(played)
    mean_s, p95_s = statistics.mean(latencies_s), report.percentile(latencies_s, 95)
    one_by_one_s = _all_s(alone)
    return (
        len(latencies_s),
        mean_s,
        statistics.median(latencies_s),
        p95_s,
        _mean_s(played, tasks.Model.KANDINSKY_3_FLASH),
        _mean_s(played, tasks.Model.KANDINSKY_3),
        statistics.mean(one.all_done_s for one in played),
        mean_s / statistics.mean(one_by_one_s),
        p95_s / report.percentile(one_by_one_s, 95),
    )


def _all_s(played: Sequence[Played]) -> list[float]:
    return [value for one in played for value in one.all_s]


def _mean_s(played: Sequence[Played], model: tasks.Model) -> float | str:
    values = [value for one in played for value in one.latencies_s[model]]
    return statistics.mean(values) if values else "-"


def _spoken(busy_s: dict[tasks.Model, float]) -> str:
    return ", ".join(f"{model} {value:.2f} s" for model, value in busy_s.items())
