"""A user's paintings, newest first; favourites; the painting behind a message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.database.artifacts import Artifacts
from bot.database.history import History
from bot.queue.errors import FavouritesFull, NotFound, NotYours
from tests.bot.queue.queue_world import World, open_world

ANN, BORIS = 1, 2


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A queue with Ann and Boris."""
    async with open_world(tmp_path) as world:
        await world.user(ANN)
        await world.user(BORIS)
        yield world


@pytest.fixture
def history(world: World) -> History:
    """The history of everybody in the world."""
    return History(world.database, world.clock)


async def _painted(world: World, user_id: int, message_id: int | None = None) -> int:
    job_id = await world.submit(user_id)
    await world.finish(await world.claim())
    if message_id is not None:
        await world.queue.mark_delivered(job_id, message_id)
    return job_id


async def _ids(history: History, user_id: int, limit: int = 10, skipped: int = 0) -> list[int]:
    return [job.id for job in await history.page(user_id, limit, skipped)]


async def test_pages_hold_what_was_painted_and_nothing_else(world: World, history: History) -> None:
    painted = [await _painted(world, ANN, number) for number in range(1, 6)]
    await _painted(world, BORIS, 9)
    await world.queue.cancel(await world.submit(ANN), ANN)
    failed = await world.submit(ANN)
    await world.queue.fail(await world.claim(), "engine_failed", retryable=False)
    undelivered = await _painted(world, ANN)
    await world.submit(ANN)
    newest_first = [undelivered, *reversed(painted)]
    assert failed not in newest_first
    assert await _ids(history, ANN) == newest_first
    assert await _ids(history, ANN, limit=2) == newest_first[:2]
    assert await _ids(history, ANN, limit=2, skipped=2) == newest_first[2:4]
    assert await _ids(history, ANN, skipped=len(newest_first)) == []


async def test_favourites_are_a_choice_of_the_owner_and_last(world: World, history: History) -> None:
    jobs = [await _painted(world, ANN, number) for number in range(1, 5)]
    for job_id in (jobs[2], jobs[0], jobs[2]):
        await history.set_favourite(ANN, job_id, True)
    await history.set_favourite(ANN, jobs[3], False)
    assert [job.id for job in await history.favourites(ANN, 10)] == [jobs[2], jobs[0]]
    assert [job.id for job in await history.favourites(ANN, 10, 1)] == [jobs[0]]
    assert [await history.is_favourite(ANN, job_id) for job_id in jobs] == [True, False, True, False]
    assert not await history.is_favourite(BORIS, jobs[0])
    await history.set_favourite(ANN, jobs[2], False)
    assert [job.id for job in await history.favourites(ANN, 10)] == [jobs[0]]


async def test_only_ones_own_finished_paintings_can_be_kept(world: World, history: History) -> None:
    with pytest.raises(NotYours):
        await history.set_favourite(BORIS, await _painted(world, ANN, 1), True)
    with pytest.raises(NotFound):
        await history.set_favourite(ANN, await world.submit(ANN), True)
    with pytest.raises(NotFound):
        await history.set_favourite(ANN, 404, True)
    assert await history.favourites(ANN, 10) == []


async def test_no_more_are_kept_than_allowed(world: World) -> None:
    history = History(world.database, world.clock, max_favourites=2)
    first, second, third = [await _painted(world, ANN, number) for number in (1, 2, 3)]
    theirs = await _painted(world, BORIS, 4)
    for job_id in (first, second, first):  # what is kept already is not counted again
        await history.set_favourite(ANN, job_id, True)
    with pytest.raises(FavouritesFull) as full:
        await history.set_favourite(ANN, third, True)
    assert full.value.limit == 2
    await history.set_favourite(BORIS, theirs, True)
    await history.set_favourite(ANN, first, False)
    await history.set_favourite(ANN, third, True)
    assert (await history.count_favourites(ANN), await history.count_favourites(BORIS)) == (2, 1)


async def test_the_files_of_a_favourite_do_not_grow_old(world: World, history: History) -> None:
    files = Artifacts(world.database, world.clock)
    kept, other = [await _painted(world, ANN, number) for number in (1, 2)]
    await history.set_favourite(ANN, kept, True)
    world.clock.advance(100 * 86400)
    (of_other,) = await files.of_job(other)
    day = timedelta(days=1)
    assert [file.path for file in await files.expired(day, day)] == [of_other.path]
    await history.set_favourite(ANN, kept, False)
    assert len(await files.expired(day, day)) == 2


async def test_a_message_leads_to_its_painting(world: World, history: History) -> None:
    job_id = await _painted(world, ANN, message_id=77)
    found = await history.by_message(ANN, 77)
    assert found is not None
    assert found.id == job_id
    assert await history.by_message(BORIS, 77) is None
    assert await history.by_message(ANN, 78) is None
