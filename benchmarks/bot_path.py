"""What the bot costs on top of the engine: pictures asked for in a chat against the same tasks given to the pool.

    python -m benchmarks bot_path

Both ways end in one pool, in one process, and take turns. The seeds that the bot drew are read from its captions and
painted again without it: the pictures must be the same.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from aiogram import types

from benchmarks import likeness, report, scene
from engines import tasks

Asked = TypeVar("Asked")
Given = TypeVar("Given")

PROMPTS: Final = (
    "a big red circle on a blue background",
    "a small green star on a white background",
    "a yellow triangle on a black background",
    "a purple heart on a pink background",
)
SITUATION_S: Final = 90.0  # no round of a situation begins later than this
COLUMNS: Final = (
    "model", "at once", "pictures", "chat: pictures/min", "pool: pictures/min", "chat/pool",
    "chat: median s", "pool: median s", "added s", "chat: p95 s", "pool: p95 s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Situation:
    """`at_once` requests are always under way; each of these lines brings `pictures`, one after another, each round.

    Every picture is asked for in a chat of its own, unless `one_chat`: a chat gets one message a second, so a chat
    alone would measure Telegram's limit and not the bot.
    """

    model: tasks.Model
    at_once: int
    pictures: int
    rounds: int
    one_chat: bool = False
    rest_s: float = 3.0  # before each round through the chat: then every chat has its burst of three messages back

    @property
    def label(self) -> str:
        return f"{self.at_once} (one chat)" if self.one_chat else str(self.at_once)


FULL: Final = (
    Situation(tasks.Model.KANDINSKY_3_FLASH, at_once=1, pictures=8, rounds=5),
    Situation(tasks.Model.KANDINSKY_3_FLASH, at_once=8, pictures=2, rounds=5),
    Situation(tasks.Model.KANDINSKY_3_FLASH, at_once=1, pictures=8, rounds=1, one_chat=True),
    Situation(tasks.Model.KANDINSKY_3, at_once=1, pictures=3, rounds=3),
    Situation(tasks.Model.KANDINSKY_3, at_once=8, pictures=1, rounds=3),
)
QUICK: Final = (Situation(tasks.Model.KANDINSKY_3_FLASH, at_once=2, pictures=1, rounds=2, rest_s=0),)


class PicturesDiffer(Exception):
    """The bot's picture is not the pool's picture of the same task."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A person, a prompt, and the model chosen in that person's settings."""

    user: types.User
    prompt: str
    model: tasks.Model


@dataclass(frozen=True, slots=True)
class Shown:
    """A wish that came true in the chat, and the task that it was."""

    wish: Wish
    message: types.Message
    task: tasks.TextToImage


@dataclass(slots=True)
class Side:
    """The rounds of one way."""

    pictures_per_min: list[float] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Outcome:
    """A situation, measured both ways, and how alike their pictures are."""

    situation: Situation
    chat: Side = field(default_factory=Side)
    pool: Side = field(default_factory=Side)
    likenesses: list[likeness.Likeness] = field(default_factory=list)

    def row(self) -> tuple[report.Cell, ...]:
        chat_s, pool_s = statistics.median(self.chat.latencies_s), statistics.median(self.pool.latencies_s)
        pairs = zip(self.chat.pictures_per_min, self.pool.pictures_per_min, strict=True)
        return (
            str(self.situation.model),
            self.situation.label,
            len(self.chat.latencies_s),
            statistics.median(self.chat.pictures_per_min),
            statistics.median(self.pool.pictures_per_min),
            statistics.median(chat / pool for chat, pool in pairs),
            chat_s,
            pool_s,
            chat_s - pool_s,
            report.percentile(self.chat.latencies_s, 95),
            report.percentile(self.pool.latencies_s, 95),
        )


def run(quick: bool) -> report.Report:
    """Measure every situation. Raises PicturesDiffer."""
    outcomes = asyncio.run(_measured(QUICK if quick else FULL))
    likenesses = [one for outcome in outcomes for one in outcome.likenesses]
    largest_levels = max(one.largest_levels for one in likenesses)
    share = min(one.share for one in likenesses)
    return report.Report(
        "Pictures through the chat against the same tasks given to the pool",
        COLUMNS,
        [outcome.row() for outcome in outcomes],
        notes=[
            "Medians over rounds that take turns (chat, pool, pool, chat); the ratio is that of neighbouring rounds.",
            "Chat: from the user's message to the picture in the chat. The sandbox has a process of its own and shares "
            "the processor; the writer shares the bot's process, so its cost counts as the bot's.",
            "Every picture is asked for in a chat of its own. In the row with one chat the bot keeps Telegram's limit "
            "of one message a second there, and a picture takes two: it is a floor of about 2 s a picture, not work.",
            f"Same seeds, same pictures, {len(likenesses)} of {len(likenesses)}: the largest difference of a value is "
            f"{largest_levels} of 255 levels; in each picture at least {share:.2%} of the values are within "
            f"{likeness.ROUNDING_LEVELS}.",
        ],
        parameters={"compared": len(likenesses), "largest_levels": largest_levels, "least_share": share},
    )


async def _measured(plan: Sequence[Situation]) -> list[Outcome]:
    with tempfile.TemporaryDirectory() as folder:
        async with scene.running_bot(Path(folder)) as stage:
            return [await _compared(stage, situation) for situation in plan]


async def _compared(stage: scene.Scene, situation: Situation) -> Outcome:
    outcome = Outcome(situation)
    lines = await _lines(stage, situation)
    await _warm_up(stage, lines[0][0])
    latest: list[list[Shown]] = []
    painted: list[tuple[Shown, bytes]] = []

    async def by_chat() -> None:
        nonlocal latest
        await asyncio.sleep(situation.rest_s)
        latest = await _timed(outcome.chat, lines, lambda wish: _ask(stage, wish))

    async def by_pool() -> list[list[bytes]]:
        return await _timed(outcome.pool, latest, lambda shown: _paint(stage, shown.task))

    began_s = time.perf_counter()
    for number in range(situation.rounds):
        if time.perf_counter() - began_s > SITUATION_S:
            break
        print(f"bot_path: {situation.model}, {situation.label} at once, round {number + 1}", file=sys.stderr)
        if number % 2:  # the pool goes first, with the tasks of the round before
            await by_pool()
            await by_chat()
        else:
            await by_chat()
            pictures = await by_pool()
            painted += zip(itertools.chain(*latest), itertools.chain(*pictures), strict=True)
    for shown, picture in painted:
        kept = await scene.original(stage.sandbox, shown.wish.user, shown.message)
        outcome.likenesses.append(likeness.compare(kept, picture))
        if not outcome.likenesses[-1].is_same:
            raise PicturesDiffer(f"{situation.model}, seed {shown.task.seed}: {outcome.likenesses[-1]}")
    return outcome


async def _lines(stage: scene.Scene, situation: Situation) -> list[list[Wish]]:
    """Lines of wishes, with their people, who have chosen the model."""
    prompts = itertools.cycle(PROMPTS)
    lines = []
    for number in range(situation.at_once):
        people = [
            await stage.sandbox.create_user(f"Painter {number}.{chat}", language_code="en")
            for chat in range(1 if situation.one_chat else situation.pictures)
        ]
        for user in people:
            await scene.choose_model(stage.sandbox, user, situation.model)
        users = itertools.islice(itertools.cycle(people), situation.pictures)
        lines.append([Wish(user, next(prompts), situation.model) for user in users])
    return lines


async def _warm_up(stage: scene.Scene, first: Wish) -> None:
    """Let both ways find weights loaded and prompts encoded: the pool remembers the encoder's output."""
    await scene.paint(stage.sandbox, first.user, first.prompt)
    for prompt in PROMPTS:
        await stage.pool.run(tasks.TextToImage(prompt=prompt, model=first.model, seed=0, steps=2))


async def _ask(stage: scene.Scene, wish: Wish) -> Shown:
    message = await scene.paint(stage.sandbox, wish.user, wish.prompt)
    task = tasks.TextToImage(prompt=wish.prompt, model=wish.model, seed=scene.seed_of(message))
    return Shown(wish, message, task)


async def _paint(stage: scene.Scene, task: tasks.TextToImage) -> bytes:
    result = await stage.pool.run(task)
    return result.pictures[0].png


async def _timed(
    side: Side, lines: Sequence[Sequence[Asked]], work: Callable[[Asked], Awaitable[Given]]
) -> list[list[Given]]:
    """Do the work of all lines side by side, each line one after another, and note rate and latencies."""

    async def one(asked: Asked) -> Given:
        began_s = time.perf_counter()
        given = await work(asked)
        side.latencies_s.append(time.perf_counter() - began_s)
        return given

    async def in_order(line: Sequence[Asked]) -> list[Given]:
        return [await one(asked) for asked in line]

    began_s = time.perf_counter()
    given = await asyncio.gather(*(in_order(line) for line in lines))
    side.pictures_per_min.append(60 * sum(map(len, lines)) / (time.perf_counter() - began_s))
    return given
