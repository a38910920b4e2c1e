"""Step-level batching against one at a time when kinds come mixed: waiting times and pictures a minute.

    python -m benchmarks engine_arrivals

The same arrivals are played to two pools in one run: one paints a task from its first step to its last before the next
begins, the other has several in hand, whose pictures share a batch between steps wherever network and canvas are the
same. `sampler_batching` asks the same of text to image alone, for more sizes of the hand.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from benchmarks import engines as kinds
from benchmarks import report, sampler_batching
from bot import settings
from engines import catalog, devices, errors, pool, tasks

COLUMNS: Final = (
    "painting", "pictures", "mean s", "p95 s", "pictures a minute", "mean / one at a time", "p95 / one at a time",
    "pictures / one at a time",
)  # fmt: skip
# How often each kind comes; kinds whose weights are not there do not come.
SHARES: Final[Mapping[str, int]] = {
    "text_to_image flash": 6,
    "text_to_image base": 4,
    "text_to_image refined": 2,
    "img2img": 2,
    "image_variation": 2,
    "image_text_fusion": 2,
    "inpaint": 2,
    "style_transfer": 1,
    "text_to_image 2.2": 1,
    "image_fusion": 1,
    "outpaint": 1,
    "upscale x2": 1,
}
LOAD: Final = 0.9  # of what the device paints one at a time


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured."""

    pictures: int
    steps: int
    in_hand: int
    rounds: int
    kinds: tuple[str, ...] = tuple(SHARES)


FULL: Final = Scale(pictures=28, steps=20, in_hand=6, rounds=2)
QUICK: Final = Scale(pictures=3, steps=2, in_hand=2, rounds=1, kinds=("text_to_image flash", "img2img"))


@dataclass(frozen=True, slots=True)
class Arrival:
    """A task, and when it comes."""

    at_s: float
    task: tasks.Task


@dataclass(frozen=True, slots=True)
class Played:
    """Seconds from arrival to picture, and from the first arrival to the last picture."""

    waits_s: list[float]
    whole_s: float


def run(quick: bool) -> report.Report:
    """Play the plan to both pools, in rounds of alternating order."""
    scale = QUICK if quick else FULL
    played, busy_s = asyncio.run(_measured(scale))
    one, several = played[1], played[scale.in_hand]
    return report.Report(
        "Mixed arrivals of many kinds: step-level batching against one at a time",
        COLUMNS,
        [("one at a time", *_row(one, one)), (f"{scale.in_hand} in hand, by steps", *_row(several, one))],
        notes=[
            f"Arrivals at random moments (Poisson) that keep a device {LOAD:.0%} busy which paints one at a time; "
            f"{scale.steps} steps of the samplers that let a task choose.",
            f"Seconds of one alone: {', '.join(f'{name} {value:.2f}' for name, value in busy_s.items())}.",
            "Both rows in one run, with the same arrivals and seeds, every second round in the other order.",
        ],
        parameters={"pictures": scale.pictures, "rounds": scale.rounds},
    )


async def _measured(scale: Scale) -> tuple[dict[int, list[Played]], dict[str, float]]:
    async with _running(1) as alone:
        busy_s = {name: value for name in scale.kinds if (value := await _busy_s(alone, name, scale)) is not None}
    plan = arrivals(busy_s, scale)
    played: dict[int, list[Played]] = {1: [], scale.in_hand: []}
    for turn in range(scale.rounds):
        for in_hand in (1, scale.in_hand)[:: -1 if turn % 2 else 1]:
            print(f"engine_arrivals: {in_hand} in hand, {plan[-1].at_s:.0f} s of arrivals", file=sys.stderr)
            async with _running(in_hand) as running:
                for name in busy_s:  # weights loaded
                    await running.run(kinds.KINDS[name](0, scale.steps), media=kinds.media())
                played[in_hand].append(await _play(running, plan))
    return played, busy_s


def arrivals(busy_s: Mapping[str, float], scale: Scale) -> list[Arrival]:
    """A plan that is the same each time, for kinds that take so many seconds alone."""
    dice = random.Random(2)
    names = dice.choices(list(busy_s), [SHARES[name] for name in busy_s], k=scale.pictures)
    gap_s = statistics.mean(busy_s[name] for name in names) / LOAD
    plan, at_s = [], 0.0
    for seed, name in enumerate(names):
        plan.append(Arrival(at_s, kinds.KINDS[name](seed, scale.steps)))
        at_s += dice.expovariate(1 / gap_s)
    return plan


@asynccontextmanager
async def _running(in_hand: int) -> AsyncIterator[pool.Pool]:
    """The operator's pool on one device, with so many tasks in hand."""
    chosen = settings.load().engines
    profile = catalog.ProfileCatalog.of(chosen.profile, chosen.weights_dir)
    threads = chosen.cpu_threads or profile.cpu_threads
    running = pool.Pool(
        lambda: devices.discover(chosen.devices, threads)[:1], sampler_batching.InHand(profile, in_hand)
    )
    await running.start()
    try:
        yield running
    finally:
        await running.close()


async def _busy_s(alone: pool.Pool, name: str, scale: Scale) -> float | None:
    """Seconds that a device takes for one task of a kind, its weights loaded; None where they are not there."""
    files = kinds.media()
    try:
        await alone.run(kinds.KINDS[name](0, scale.steps), media=files)
    except errors.CheckpointMissing:
        return None
    began_s = time.perf_counter()
    await alone.run(kinds.KINDS[name](1, scale.steps), media=files)
    return time.perf_counter() - began_s


async def _play(running: pool.Pool, plan: Sequence[Arrival]) -> Played:
    files = kinds.media()
    began_s = time.perf_counter()

    async def one(arrival: Arrival) -> float:
        due_s = began_s + arrival.at_s
        await asyncio.sleep(due_s - time.perf_counter())
        await running.run(arrival.task, media=files)
        return time.perf_counter() - due_s

    waits_s = await asyncio.gather(*(one(arrival) for arrival in plan))
    return Played(list(waits_s), time.perf_counter() - began_s)


def _row(played: Sequence[Played], alone: Sequence[Played]) -> tuple[report.Cell, ...]:
    mean_s, p95_s, rate = _figures(played)
    alone_mean_s, alone_p95_s, alone_rate = _figures(alone)
    pictures = sum(len(one.waits_s) for one in played)
    return (pictures, mean_s, p95_s, rate, mean_s / alone_mean_s, p95_s / alone_p95_s, rate / alone_rate)


def _figures(played: Sequence[Played]) -> tuple[float, float, float]:
    """Mean and 95th percentile of the waiting times in seconds, and pictures a minute."""
    waits_s = [value for one in played for value in one.waits_s]
    rate = 60 * len(waits_s) / sum(one.whole_s for one in played)
    return statistics.mean(waits_s), report.percentile(waits_s, 95), rate
