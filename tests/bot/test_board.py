"""The status messages: one a job, few edits, and never an edit of a result."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiogram.exceptions import TelegramBadRequest, TelegramNetworkError
from aiogram.methods import EditMessageMedia, EditMessageText, SendMessage

from bot.database.models import JobStatus
from engines import tasks
from tests.bot.fake_telegram import until
from tests.bot.fake_timer import settled
from tests.bot.rig import Rig, rig, running
from tests.puppet import PuppetPool
from tests.studio import stage


def step(number: int) -> tasks.Progress:
    return tasks.Progress(tasks.Stage.SAMPLING, number, 50)


def shown_steps(room: Rig, message_id: int | None) -> list[str]:
    """The last lines of what a message was edited to, in order."""
    edits = room.telegram.of(EditMessageText)
    return [edit.text.splitlines()[-1] for edit in edits if edit.message_id == message_id]


async def test_edits_of_one_message_keep_their_distance_and_show_the_newest_step(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.board.run()):
        job, other = await room.submit(), await room.submit("a blue square")
        message_id, other_id = [(await room.job(one.id)).status_message_id for one in (job, other)]
        room.board.started(job)
        room.now.s += 1
        room.board.progress(job.id, step(1))
        await until(lambda: "step 1 of 50" in shown_steps(room, message_id))
        room.now.s += 0.9
        room.board.progress(job.id, step(2))
        room.board.started(other)
        room.board.progress(other.id, step(1))  # its message is older: the board has looked at both
        await until(lambda: "step 1 of 50" in shown_steps(room, other_id))
        assert shown_steps(room, message_id)[-1] == "step 1 of 50"
        room.board.progress(job.id, step(3))
        room.now.s += 0.1
        await until(lambda: "step 3 of 50" in shown_steps(room, message_id))
        assert "step 2 of 50" not in shown_steps(room, message_id)


async def test_nothing_new_is_not_sent_again(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.board.run()):
        job, other = await room.submit(), await room.submit("a blue square")
        room.board.started(job)
        room.board.started(other)
        room.now.s += 1
        room.board.progress(job.id, step(1))
        await until(lambda: "step 1 of 50" in shown_steps(room, 100))
        for number in (1, 2, 3):
            room.now.s += 1
            room.board.progress(other.id, step(number))
            await until(lambda number=number: f"step {number} of 50" in shown_steps(room, 101))
        assert shown_steps(room, 100).count("step 1 of 50") == 1


async def test_a_settled_message_is_never_edited_again(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.board.run()):
        job, other = await room.submit(), await room.submit("a blue square")
        room.board.started(job)
        room.board.started(other)
        assert await room.board.settle(job) == 100
        room.now.s += 10
        room.board.progress(job.id, step(49))
        room.board.progress(other.id, step(1))
        await until(lambda: "step 1 of 50" in shown_steps(room, 101))
        assert shown_steps(room, 100) == []


async def test_settling_waits_for_the_edit_that_is_under_way(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.board.run()):
        job = await room.submit()
        room.board.started(job)
        room.now.s += 1
        room.telegram.answers.clear()
        room.board.progress(job.id, step(1))
        await until(lambda: room.telegram.of(EditMessageText))
        settling = asyncio.create_task(room.board.settle(job))
        await settled()
        assert not settling.done()
        room.telegram.answers.set()
        assert await settling == 100


async def test_opening_a_job_twice_sends_one_message(tmp_path: Path) -> None:
    async with rig(tmp_path) as room:
        job = await room.submit()
        await room.board.open(job)
        await room.board.open(await room.job(job.id))
        assert len(room.telegram.of(SendMessage)) == 1


async def test_a_restart_takes_up_the_message_that_is_there(tmp_path: Path) -> None:
    async with rig(tmp_path) as room:
        job = await room.submit()
        room.board.forget(job.id)  # as a new process knows nothing of it
        async with running(room.board.run()):
            await room.studio.show_open_jobs()
            room.board.started(await room.job(job.id))
            room.now.s += 1
            await until(lambda: room.telegram.of(EditMessageText))
        assert len(room.telegram.of(SendMessage)) == 1
        assert room.telegram.of(EditMessageText)[0].message_id == 100


async def test_a_job_that_ended_before_its_message_was_sent_gets_none(tmp_path: Path) -> None:
    async with rig(tmp_path) as room:
        job = (await room.queue.submit(room.world.new_job(room.ann.id))).job
        await room.queue.cancel(job.id, room.ann.id)
        await room.board.open(job)
        assert room.telegram.calls == []


async def test_a_status_message_that_cannot_be_sent_does_not_stop_the_job(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.runner.run(), room.delivery.run()):
        room.telegram.fail(SendMessage, lambda method: TelegramNetworkError(method, "reset by peer"))
        job = await room.submit()
        (await room.pool.next()).finish()
        delivered = await room.reaches(job.id, JobStatus.DELIVERED)
        (picture,) = room.telegram.of(EditMessageMedia)
        assert picture.message_id == delivered.result_message_id


async def test_an_edit_that_telegram_refuses_is_tried_again_with_newer_news(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.board.run()):
        room.telegram.fail(EditMessageText, lambda method: TelegramBadRequest(method, "Bad Request: no"))
        job = await room.submit()
        room.board.started(job)
        room.now.s += 1
        await until(lambda: room.telegram.of(EditMessageText))
        room.now.s += 1
        room.board.progress(job.id, step(1))
        await until(lambda: "step 1 of 50" in shown_steps(room, 100))


async def test_progress_that_telegram_asks_to_hold_back_is_dropped_and_newer_progress_comes(tmp_path: Path) -> None:
    pool = PuppetPool()
    async with stage(tmp_path, pool) as scene:
        asked = await scene.sandbox.say(scene.ann, "a red circle")
        painting = await pool.next()
        await scene.sandbox.wait_for(scene.ann, lambda m: m.text, after=asked)
        await scene.sandbox.fault("429", method="editMessageText", retry_after=1, times=1)
        painting.step(10)
        painting.step(20)
        await scene.sandbox.wait_for(scene.ann, lambda m: "step 20 of 50" in (m.text or ""), after=asked)
        statuses = [call.status for call in await scene.sandbox.calls("editMessageText")]
        assert statuses.count(429) == 1
        painting.finish()
        await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)
