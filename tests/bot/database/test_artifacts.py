"""Files go when they are old and nothing needs them, and not before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.database.artifacts import Artifacts, FileKind, NewUpload
from tests.bot.queue.queue_world import World, open_world

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A queue with its database."""
    async with open_world(tmp_path) as world:
        yield world


async def _painted(world: World, user_id: int) -> int:
    job_id = await world.submit(user_id)
    await world.finish(await world.claim())
    return job_id


async def test_a_result_goes_by_age_once_it_was_delivered(world: World) -> None:
    files = Artifacts(world.database, world.clock)
    ann = await world.user(1)
    job_id = await _painted(world, ann)
    world.clock.advance(2 * 86400)
    assert await files.expired(DAY, HOUR) == [], "its owner has not seen it"
    await world.queue.mark_delivered(job_id, 5)
    assert await files.expired(3 * DAY, HOUR) == []
    (old,) = await files.expired(DAY, HOUR)
    (artifact,) = await files.of_job(job_id)
    assert (old.kind, old.path, artifact.index, artifact.swept_at) == (FileKind.RESULT, artifact.path, 0, None)
    await files.mark_swept([old])
    assert await files.expired(DAY, HOUR) == []
    (artifact,) = await files.of_job(job_id)
    assert artifact.swept_at == world.clock.now


async def test_an_upload_stays_while_an_open_job_paints_from_it(world: World) -> None:
    files = Artifacts(world.database, world.clock)
    ann = await world.user(1)
    upload = await files.add_upload(NewUpload(ann, "uploads/a.png", "image/png", 10, 10, 100, "0" * 64))
    unused = await files.add_upload(NewUpload(ann, "uploads/b.png", "image/png", 10, 10, 100, "1" * 64))
    world.clock.advance(1800)
    job = (await world.queue.submit(replace(world.new_job(ann), input_ids=(upload.id,)))).job
    assert [file.id for file in await files.inputs_of(job.id)] == [upload.id]
    world.clock.advance(1801)
    assert [file.id for file in await files.expired(DAY, HOUR)] == [unused.id], "the other was used later"
    world.clock.advance(86400)
    assert [file.id for file in await files.expired(DAY, HOUR)] == [unused.id], "the other is needed"
    await world.queue.cancel(job.id, ann)
    assert {file.id for file in await files.expired(DAY, HOUR)} == {upload.id, unused.id}


async def test_files_without_a_row_are_told_apart(world: World) -> None:
    files = Artifacts(world.database, world.clock)
    ann = await world.user(1)
    (artifact,) = await files.of_job(await _painted(world, ann))
    await files.add_upload(NewUpload(ann, "uploads/a.png", "image/png", 10, 10, 100, "0" * 64))
    assert await files.unknown([artifact.path, "uploads/a.png", "left/over.png"]) == ["left/over.png"]
