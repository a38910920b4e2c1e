"""What is old goes from the disk and from the database, and nothing else."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.database.artifacts import Artifacts
from bot.database.forgetting import Forgetting
from bot.database.history import History
from bot.database.inbox import Inbox
from bot.media import MediaStore
from bot.queue.jobs import NewArtifact
from bot.sweeping import Sweeper
from tests.bot.queue.queue_world import World, open_world

ANN = 1


@dataclass(frozen=True, slots=True)
class House:
    """A sweeper in a world with Ann; results stay for ten days."""

    world: World
    media: MediaStore
    history: History
    inbox: Inbox
    forgetting: Forgetting
    sweeper: Sweeper

    async def painted(self) -> int:
        """A delivered painting of Ann."""
        job_id = await self.world.submit(ANN)
        stored = await self.media.save(b"a picture", suffix=".png")
        file = NewArtifact(stored.path, "image/png", 8, 8, stored.size_bytes, stored.sha256)
        await self.world.queue.finish(await self.world.claim(), [file], 100)
        await self.world.queue.mark_delivered(job_id, job_id)
        return job_id


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Everything that a sweeper sweeps."""
    async with open_world(tmp_path) as world:
        await world.user(ANN)
        media = MediaStore(tmp_path / "media")
        inbox, forgetting = Inbox(world.database, world.clock), Forgetting(world.database, media, world.clock)
        files = Artifacts(world.database, world.clock)
        days, hours = timedelta(days=10), timedelta(hours=24)
        sweeper = Sweeper(files, media, forgetting, inbox, keep_results=days, keep_uploads=hours)
        yield House(world, media, History(world.database, world.clock), inbox, forgetting, sweeper)


async def test_an_old_painting_loses_its_file_and_its_prompt_and_a_favourite_neither(house: House) -> None:
    await house.painted()
    kept = await house.painted()
    await house.history.set_favourite(ANN, kept, True)
    assert await house.sweeper.sweep() == 0
    house.world.clock.advance(10 * 86400 + 1)
    young = await house.painted()
    assert await house.sweeper.sweep() == 1
    assert [job.id for job in await house.history.page(ANN, 10)] == [young, kept]
    assert len(await house.media.files()) == 2
    assert await house.sweeper.sweep() == 0


async def test_a_file_that_no_row_knows_goes_after_an_hour(house: House) -> None:
    fresh = await house.media.save(b"a picture", suffix=".png")
    left_over = await house.media.save(b"a picture", suffix=".png")
    path = house.media.locate(left_over.path)
    long_ago_s = path.stat().st_mtime - 3601
    os.utime(path, (long_ago_s, long_ago_s))
    assert await house.sweeper.sweep() == 1
    assert await house.media.files() == [fresh.path]


async def test_old_handled_updates_go_while_the_bot_runs(house: House) -> None:
    await house.inbox.receive([(1, "{}"), (2, "{}")])
    await house.inbox.handled(1)
    house.world.clock.advance(48 * 3600 + 1)
    await house.sweeper.sweep()
    assert await house.inbox.receive([(1, "{}"), (2, "{}")]) == [1], "2 still waits"


async def test_the_sweeper_finishes_what_a_forgotten_user_had_open(house: House) -> None:
    job_id = await house.world.submit(ANN)
    await house.world.queue.cancel(job_id, ANN)
    await house.forgetting.forget(ANN)
    await house.sweeper.sweep()
    assert (await house.world.queue.get(job_id)).chat_id == ANN
    await house.world.queue.mark_delivered(job_id, 5)
    await house.sweeper.sweep()
    assert (await house.world.queue.get(job_id)).chat_id == 0
