"""Board, runner, delivery and studio on a real queue, between a puppet pool and a fake Telegram."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiogram import Bot
from aiogram.types import User

from bot.board import StatusBoard
from bot.database.artifacts import Artifacts
from bot.database.models import JobStatus
from bot.database.state import BotState
from bot.database.statistics import Statistics
from bot.database.users import Person
from bot.delivery import Delivery
from bot.maintenance import Maintenance
from bot.media import MediaStore
from bot.queue.jobs import Job, Limits
from bot.queue.sql_queue import SqlJobQueue
from bot.runner import Runner
from bot.studio import Origin, Studio
from bot.texts import Texts
from engines import tasks
from tests.bot.fake_telegram import PATIENCE_S, FakeTelegram
from tests.bot.queue.queue_world import World, open_world
from tests.puppet import PuppetPool

TEXTS: Final = Texts()
MODELS: Final = (tasks.Model.KANDINSKY_3, tasks.Model.KANDINSKY_3_FLASH)


class Now:
    """The monotonic clock of the board; it moves when told."""

    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


@dataclass(frozen=True, slots=True)
class Rig:
    """The rooms around the queue, and what stands at the edges of the machine."""

    world: World
    queue: SqlJobQueue
    telegram: FakeTelegram
    pool: PuppetPool
    now: Now
    board: StatusBoard
    delivery: Delivery
    runner: Runner
    studio: Studio
    artifacts: Artifacts
    ann: Person

    async def submit(self, prompt: str = "a red circle", count: int = 1, key: str | None = None) -> Job:
        """Ann's wish, accepted and shown in line."""
        origin = Origin(self.ann.id, None, "en", key or prompt)
        task = tasks.TextToImage(prompt=prompt, seed=7, count=count)
        return (await self.studio.submit(task, self.ann, origin)).job

    async def job(self, job_id: int) -> Job:
        """The job as it is now."""
        return await self.queue.get(job_id)

    async def reaches(self, job_id: int, status: JobStatus) -> Job:
        """The job once it has a status."""
        async with asyncio.timeout(PATIENCE_S):
            while (job := await self.queue.get(job_id)).status is not status:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return job

    async def credits_left(self) -> int:
        """What Ann may still spend."""
        return (await self.queue.credits(self.ann.id)).left


@contextlib.asynccontextmanager
async def rig(
    folder: Path,
    *,
    heartbeat_s: float = 60.0,
    retry_every_s: float = 60.0,
    queue_type: type[SqlJobQueue] = SqlJobQueue,
) -> AsyncIterator[Rig]:
    """Everything built and nothing running."""
    async with open_world(folder) as world:
        queue = queue_type(world.database, Limits(), world.clock)
        telegram, pool, now = FakeTelegram(), PuppetPool(), Now()
        bot = Bot("42:fake", session=telegram)
        media, artifacts = MediaStore(folder / "media"), Artifacts(world.database)
        board = StatusBoard(bot, queue, TEXTS, interval_s=1.0, monotonic_s=now)
        delivery = Delivery(
            bot, queue, board, artifacts, media, TEXTS, world.users, models=MODELS, retry_every_s=retry_every_s
        )
        runner = Runner(queue, pool, board, delivery, media, owner="runner", lease_s=30.0, heartbeat_s=heartbeat_s)
        maintenance = Maintenance(BotState(world.database), Statistics(world.database), world.users, bot, TEXTS)
        studio = Studio(queue, board, runner, delivery, artifacts, media, maintenance, profile="mini", models=MODELS)
        ann = await world.users.seen(User(id=1001, is_bot=False, first_name="Ann", language_code="en"))
        yield Rig(world, queue, telegram, pool, now, board, delivery, runner, studio, artifacts, ann)


@contextlib.asynccontextmanager
async def running(*services: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Some services for the time of a block; a service that fails fails the test."""
    started = [asyncio.create_task(service) for service in services]
    try:
        yield
    finally:
        for task in started:
            task.cancel()
        ends = await asyncio.gather(*started, return_exceptions=True)
    for end in ends:
        assert isinstance(end, asyncio.CancelledError), f"a service ended with {end!r}"
