"""How soon the bot answers while people wait for pictures: /help, and a button, beside a line of 50.

    python -m benchmarks answers

Every probe comes from somebody who has not written before, so that no limit of a single chat is measured; all share
Telegram's limit of 30 messages a second with the status messages of those who wait. The three situations follow each
other in one process, so the ratios are those of one run.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiogram import types

from benchmarks import report, scene
from bot.pools import TaskPool
from bot.sandbox.client import SandboxClient
from engines import tasks
from engines.pool import PoolState

COLUMNS: Final = ("situation", "asked", "answers", "p50 ms", "p99 ms", "p50 / nobody waits", "p99 / nobody waits")
PROMPT: Final = "a big red circle on a blue background"
TOAST_S: Final = 60.0  # a press that is not answered by then is a failure of the benchmark
PAUSE_S: Final = 0.1  # between probes: ten a second, a third of what Telegram allows


@dataclass(frozen=True, slots=True)
class Plan:
    """How many people wait, and how many probes each situation takes."""

    waiting: int
    probes: int


FULL: Final = Plan(waiting=50, probes=100)
QUICK: Final = Plan(waiting=3, probes=2)


class HeldPool:
    """A pool that begins to paint when it is told to; until then the line only grows."""

    def __init__(self, pool: TaskPool) -> None:
        self._pool = pool
        self.released = asyncio.Event()
        self.painting = asyncio.Event()

    @property
    def capacity(self) -> int:
        """As many as the pool takes."""
        return self._pool.capacity

    @property
    def device_count(self) -> int:
        """As many as the pool has."""
        return self._pool.device_count

    def state(self) -> PoolState:
        """As the pool sees it."""
        return self._pool.state()

    async def start(self) -> None:
        """Load at once: loading is not what is measured."""
        await self._pool.start()

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()

    async def run(
        self,
        task: tasks.Task,
        *,
        media: tasks.Media = tasks.NO_MEDIA,
        on_progress: Callable[[tasks.Progress], None] | None = None,
    ) -> tasks.Result:
        """Wait for the release, then paint."""
        await self.released.wait()
        self.painting.set()
        return await self._pool.run(task, media=media, on_progress=on_progress)


@dataclass(slots=True)
class Situation:
    """What was measured in one situation, in milliseconds."""

    name: str
    help_ms: list[float] = field(default_factory=list)
    press_ms: list[float] = field(default_factory=list)

    def rows(self, alone: Situation) -> list[tuple[report.Cell, ...]]:
        return [
            _row(self.name, "/help", self.help_ms, alone.help_ms),
            _row(self.name, "button", self.press_ms, alone.press_ms),
        ]


def run(quick: bool) -> report.Report:
    """Measure the three situations."""
    plan = QUICK if quick else FULL
    situations = asyncio.run(_measured(plan))
    return report.Report(
        f"Answers while {plan.waiting} people wait for pictures",
        COLUMNS,
        [row for situation in situations for row in situation.rows(situations[0])],
        notes=[
            "/help: from the user's message to the answer in the chat; button: from the press to its toast.",
            "The sandbox has a process of its own and shares the processor; bot and engine share one process, as in a "
            "small installation.",
            "Status messages of everybody in line are kept fresh meanwhile, within Telegram's limits.",
        ],
        parameters={"waiting": plan.waiting, "probes": plan.probes},
    )


async def _measured(plan: Plan) -> list[Situation]:
    held: list[HeldPool] = []

    def hold(pool: TaskPool) -> TaskPool:
        held.append(HeldPool(pool))
        return held[0]

    with tempfile.TemporaryDirectory() as folder:
        async with scene.running_bot(Path(folder), hold) as stage:
            alone, waiting, painting = (
                Situation("nobody waits"),
                Situation(f"{plan.waiting} wait, none painted yet"),
                Situation(f"{plan.waiting} wait, one after another is painted"),
            )
            await _probe(stage.sandbox, alone, plan)
            await _fill_the_line(stage.sandbox, plan.waiting)
            await _probe(stage.sandbox, waiting, plan)
            held[0].released.set()
            await held[0].painting.wait()
            await _probe(stage.sandbox, painting, plan)
            return [alone, waiting, painting]


async def _fill_the_line(sandbox: SandboxClient, people: int) -> None:
    """Let so many people ask for a picture, and see that each is in line."""
    for number in range(people):
        user = await sandbox.create_user(f"Painter {number}", language_code="en")
        asked = await sandbox.say(user, PROMPT)
        await sandbox.wait_for(user, lambda message: message.reply_markup, scene.START_S, after=asked)


async def _probe(sandbox: SandboxClient, situation: Situation, plan: Plan) -> None:
    print(f"answers: {situation.name}", file=sys.stderr)
    for number in range(plan.probes):
        user = await sandbox.create_user(f"Visitor {number}", language_code="en")
        situation.help_ms.append(await _help_ms(sandbox, user))
        await asyncio.sleep(PAUSE_S)
        situation.press_ms.append(await _press_ms(sandbox, user))
        await asyncio.sleep(PAUSE_S)


async def _help_ms(sandbox: SandboxClient, user: types.User) -> float:
    began_s = time.perf_counter()
    asked = await sandbox.say(user, "/help")
    await sandbox.wait_for(user, lambda message: message.text, scene.START_S, after=asked)
    return 1000 * (time.perf_counter() - began_s)


async def _press_ms(sandbox: SandboxClient, user: types.User) -> float:
    asked = await sandbox.say(user, "/settings")
    menu = await sandbox.wait_for(user, lambda message: message.reply_markup, scene.START_S, after=asked)
    began_s = time.perf_counter()
    pressed = await sandbox.press(user, menu, scene.MODEL_LABELS[tasks.Model.KANDINSKY_3_FLASH])
    await sandbox.wait_for_answer(pressed, timeout_s=TOAST_S)
    return 1000 * (time.perf_counter() - began_s)


def _row(name: str, asked: str, found_ms: list[float], alone_ms: list[float]) -> tuple[report.Cell, ...]:
    p50_ms, p99_ms = statistics.median(found_ms), report.percentile(found_ms, 99)
    return (
        name,
        asked,
        len(found_ms),
        p50_ms,
        p99_ms,
        p50_ms / statistics.median(alone_ms),
        p99_ms / report.percentile(alone_ms, 99),
    )
