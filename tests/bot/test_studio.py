"""Wishes: a message or a press is one job, however often its update is handled."""

from __future__ import annotations

from pathlib import Path

from bot.database.models import JobStatus
from bot.studio import Origin
from engines import tasks
from tests.bot.rig import Rig, rig, running

TASK = tasks.TextToImage(prompt="a red circle", seed=7)


def button(room: Rig) -> Origin:
    return Origin(room.ann.id, None, "en", "example:1001:5:1")


async def finish(room: Rig, job_id: int) -> None:
    (await room.pool.next()).finish()
    await room.reaches(job_id, JobStatus.DELIVERED)


async def test_a_press_that_is_handled_again_after_its_picture_was_shown_is_no_second_job(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.runner.run(), room.delivery.run()):
        first = await room.studio.press(TASK, room.ann, button(room), "press-1")
        await finish(room, first.job.id)
        left = await room.credits_left()
        replayed = await room.studio.press(TASK, room.ann, button(room), "press-1")
        assert (replayed.job.id, replayed.created) == (first.job.id, False)
        assert await room.credits_left() == left


async def test_a_second_press_while_the_first_is_open_is_the_first_and_a_later_one_is_new(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.runner.run(), room.delivery.run()):
        first = await room.studio.press(TASK, room.ann, button(room), "press-1")
        second = await room.studio.press(TASK, room.ann, button(room), "press-2")
        assert (second.job.id, second.created) == (first.job.id, False)
        await finish(room, first.job.id)
        later = await room.studio.press(TASK, room.ann, button(room), "press-3")
        assert later.created
        await finish(room, later.job.id)


async def test_a_message_that_is_handled_again_is_one_job(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.runner.run(), room.delivery.run()):
        first = await room.submit(key="message:1001:4")
        assert (await room.submit(key="message:1001:4")).id == first.id
        await finish(room, first.id)
        assert (await room.submit(key="message:1001:4")).id == first.id
        assert room.pool.started.empty()
