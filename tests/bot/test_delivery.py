"""Results on their way to the chat: once, in the status message, whatever Telegram says meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramNetworkError
from aiogram.methods import EditMessageMedia, EditMessageText, SendMediaGroup, SendMessage, TelegramMethod

from bot.database.models import JobStatus
from bot.sandbox.client import labels
from engines import tasks
from tests.bot.fake_telegram import until
from tests.bot.rig import Rig, rig, running
from tests.puppet import PuppetPool, png
from tests.studio import stage


def lost(method: TelegramMethod[object]) -> TelegramNetworkError:
    return TelegramNetworkError(method, "reset by peer")


def gone(method: TelegramMethod[object]) -> TelegramBadRequest:
    return TelegramBadRequest(method, "Bad Request: message to edit not found")


def refused(method: TelegramMethod[object]) -> TelegramBadRequest:
    return TelegramBadRequest(method, "Bad Request: something new")


def blocked(method: TelegramMethod[object]) -> TelegramForbiddenError:
    return TelegramForbiddenError(method, "Forbidden: bot was blocked by the user")


async def painted(room: Rig, count: int = 1) -> int:
    """A job of Ann's that is finished and not shown yet; its id."""
    async with running(room.runner.run()):
        job = await room.submit(count=count)
        (await room.pool.next()).finish()
        await room.reaches(job.id, JobStatus.DONE)
    return job.id


async def test_the_picture_takes_the_place_of_the_status_message(tmp_path: Path) -> None:
    async with rig(tmp_path) as room:
        job_id = await painted(room)
        async with running(room.delivery.run()):
            delivered = await room.reaches(job_id, JobStatus.DELIVERED)
        (picture,) = room.telegram.of(EditMessageMedia)
        assert picture.message_id == delivered.result_message_id == delivered.status_message_id
        assert len(room.telegram.of(SendMessage)) == 1


async def test_a_deleted_status_message_is_replaced_and_noted_before_the_picture_goes_into_it(tmp_path: Path) -> None:
    async with rig(tmp_path, retry_every_s=0.02) as room:
        job_id = await painted(room)
        room.telegram.fail(EditMessageMedia, gone)
        room.telegram.fail(EditMessageMedia, lost)
        async with running(room.delivery.run()):
            delivered = await room.reaches(job_id, JobStatus.DELIVERED)
        assert [edit.message_id for edit in room.telegram.of(EditMessageMedia)] == [100, 101, 101]
        assert delivered.result_message_id == 101
        assert len(room.telegram.of(SendMessage)) == 2


async def test_who_blocked_the_bot_closes_the_job_for_good(tmp_path: Path) -> None:
    async with rig(tmp_path, retry_every_s=0.02) as room:
        job_id = await painted(room)
        room.telegram.fail(EditMessageMedia, blocked)
        async with running(room.delivery.run()):
            closed = await room.reaches(job_id, JobStatus.DELIVERED)
            calls = len(room.telegram.calls)
            room.delivery.notify(job_id)
            await room.delivery.recover()
            other = await room.submit("a blue square")
            await room.queue.cancel(other.id, room.ann.id)  # its delivery shows that the first was passed over
            await room.delivery.recover()
            await until(lambda: len(room.telegram.calls) >= calls + 2)
        assert closed.result_message_id is None
        assert len(room.telegram.of(EditMessageMedia)) == 1


async def test_what_telegram_refuses_again_and_again_is_given_up(tmp_path: Path) -> None:
    async with rig(tmp_path, retry_every_s=0.02) as room:
        job_id = await painted(room)
        room.telegram.fail(EditMessageMedia, refused, times=100)
        async with running(room.delivery.run()):
            closed = await room.reaches(job_id, JobStatus.DELIVERED)
        assert closed.result_message_id is None
        assert len(room.telegram.of(EditMessageMedia)) == 5


async def test_a_failed_delivery_is_repeated_even_while_others_keep_coming(tmp_path: Path) -> None:
    async with rig(tmp_path, retry_every_s=0.2) as room:
        job_id = await painted(room)
        room.telegram.fail(EditMessageMedia, lost)

        async def others() -> None:
            while True:
                room.delivery.notify(10**6)  # a job that is not there: the cheapest of deliveries
                await asyncio.sleep(0.02)

        async with running(room.delivery.run(), others()):
            await room.reaches(job_id, JobStatus.DELIVERED)
        assert len(room.telegram.of(EditMessageMedia)) == 2


async def test_an_album_is_not_sent_again_because_its_caption_failed(tmp_path: Path) -> None:
    async with rig(tmp_path, retry_every_s=0.02) as room:
        job_id = await painted(room, count=3)
        room.telegram.fail(EditMessageText, lost)
        async with running(room.delivery.run()):
            await room.reaches(job_id, JobStatus.DELIVERED)
        (album,) = room.telegram.of(SendMediaGroup)
        assert len(album.media) == 3


async def test_a_file_that_is_gone_is_said_to_be_gone(tmp_path: Path) -> None:
    async with rig(tmp_path) as room:
        job_id = await painted(room)
        (artifact,) = await room.artifacts.of_job(job_id)
        (tmp_path / "media" / artifact.path).unlink()
        async with running(room.delivery.run()):
            await room.reaches(job_id, JobStatus.DELIVERED)
        (told,) = room.telegram.of(EditMessageText)
        assert told.message_id == 100


async def test_a_result_obeys_the_time_that_telegram_asks_for(tmp_path: Path) -> None:
    pool = PuppetPool()
    async with stage(tmp_path, pool) as scene:
        asked = await scene.sandbox.say(scene.ann, "a red circle")
        painting = await pool.next()
        await scene.sandbox.fault("429", method="editMessageMedia", retry_after=1, times=2)
        painting.finish()
        await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)
        assert [call.status for call in await scene.sandbox.calls("editMessageMedia")] == [429, 429, 200]
        assert len(await scene.sandbox.messages(scene.ann, asked.message_id)) == 1


async def test_a_status_message_that_its_reader_deleted_comes_back_as_the_picture(tmp_path: Path) -> None:
    pool = PuppetPool()
    async with stage(tmp_path, pool) as scene:
        asked = await scene.sandbox.say(scene.ann, "a red circle")
        painting = await pool.next()
        status = await scene.sandbox.wait_for(scene.ann, lambda m: m.text, after=asked)
        await scene.delete(status)
        painting.finish()
        picture = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)
        assert picture.reply_to_message is not None
        assert picture.reply_to_message.message_id == asked.message_id
        assert len(await scene.sandbox.messages(scene.ann, asked.message_id)) == 1


async def test_news_that_comes_after_the_picture_changes_nothing(tmp_path: Path) -> None:
    pool = PuppetPool(capacity=2)
    async with stage(tmp_path, pool, queue__running_per_user_per_device=2) as scene:
        asked = await scene.sandbox.say(scene.ann, "a red circle")
        first = await pool.next()
        next_asked = await scene.sandbox.say(scene.ann, "a blue square")
        second = await pool.next()
        first.finish()
        picture = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)
        first.step(49)
        second.step(7)
        await scene.sandbox.wait_for(scene.ann, lambda m: "step 7 of 50" in (m.text or ""), after=next_asked)
        (same,) = [m for m in await scene.sandbox.messages(scene.ann) if m.message_id == picture.message_id]
        assert same.photo
        assert same.caption == picture.caption


async def test_several_pictures_are_an_album_with_the_buttons_in_the_status_message(tmp_path: Path) -> None:
    pool = PuppetPool()
    async with stage(tmp_path, pool) as scene:
        asked = await scene.sandbox.say(scene.ann, "four red circles")
        painting = await pool.next()
        status = await scene.sandbox.wait_for(scene.ann, lambda m: m.text, after=asked)
        picture = tasks.Picture(png(), 128, 128, painting.task.seed)
        painting.outcome.set_result(tasks.Result((picture,) * 4, 1000))
        await scene.sandbox.wait_for(scene.ann, lambda m: m.media_group_id, after=asked)
        written = await scene.sandbox.messages(scene.ann, asked.message_id)
        assert [bool(message.photo) for message in written] == [False, True, True, True, True]
        assert len({message.media_group_id for message in written[1:]}) == 1
        assert written[0].message_id == status.message_id
        assert "Again" in " ".join(labels(written[0]))
        assert "four red circles" in (written[0].text or "")
