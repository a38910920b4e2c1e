"""The status message shows what is being painted, and still becomes whatever the outcome is."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramNetworkError
from aiogram.methods import (
    DeleteMessage,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageText,
    SendMediaGroup,
    SendMessage,
    TelegramMethod,
)
from PIL import Image

from bot.database.models import JobStatus
from engines import tasks
from tests.bot.fake_telegram import until
from tests.bot.rig import Rig, rig, running
from tests.puppet import PuppetPool
from tests.studio import stage

RED, BLUE = (200, 30, 40), (30, 40, 200)


def jpeg(colour: tuple[int, int, int]) -> bytes:
    """A preview of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (128, 96), colour).save(out, format="JPEG")
    return out.getvalue()


def step(number: int, preview: bytes | None = None) -> tasks.Progress:
    return tasks.Progress(tasks.Stage.SAMPLING, number, 50, preview)


def no_text(method: TelegramMethod[object]) -> TelegramBadRequest:
    return TelegramBadRequest(method, "Bad Request: there is no text in the message to edit")


def no_photo(method: TelegramMethod[object]) -> TelegramBadRequest:
    return TelegramBadRequest(method, "Bad Request: IMAGE_PROCESS_FAILED")


def lost(method: TelegramMethod[object]) -> TelegramNetworkError:
    return TelegramNetworkError(method, "reset by peer")


def captions(room: Rig) -> list[str]:
    """The last lines of what stood under the pictures, in order."""
    edits = room.telegram.of(EditMessageMedia, EditMessageCaption)
    return [(getattr(edit, "caption", None) or edit.media.caption).splitlines()[-1] for edit in edits]


def texts(room: Rig) -> list[str]:
    """The last lines of what the message was edited to as text, in order."""
    return [edit.text.splitlines()[-1] for edit in room.telegram.of(EditMessageText)]


async def test_the_first_preview_makes_a_photo_of_the_message_and_words_alone_keep_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.board.run()):
        job = await room.submit()
        room.board.started(job)
        for number, preview in ((1, jpeg(RED)), (2, None), (3, jpeg(BLUE))):
            room.now.s += 1
            room.board.progress(job.id, step(number, preview))
            await until(lambda number=number: f"step {number} of 50" in captions(room))
        kinds = [type(edit) for edit in room.telegram.of(EditMessageMedia, EditMessageCaption)]
        assert kinds == [EditMessageMedia, EditMessageCaption, EditMessageMedia]
        shown = [Image.open(io.BytesIO(edit.media.media.data)) for edit in room.telegram.of(EditMessageMedia)]
        assert [image.size for image in shown] == [(512, 384), (512, 384)]
        channels = [image.convert("RGB").getpixel((9, 9)) for image in shown]
        assert [max(range(3), key=pixel.__getitem__) for pixel in channels] == [0, 2]
        assert all(edit.reply_markup for edit in room.telegram.of(EditMessageMedia, EditMessageCaption))


async def test_a_preview_is_not_lost_because_its_step_was_not_shown(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.board.run()):
        job = await room.submit()
        room.board.started(job)
        room.board.progress(job.id, step(1, jpeg(RED)))
        room.board.progress(job.id, step(2))
        room.now.s += 1
        await until(lambda: captions(room) == ["step 2 of 50"])
        assert room.telegram.of(EditMessageMedia)


async def test_a_refused_preview_leaves_the_words_and_is_not_tried_again(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.board.run()):
        room.telegram.fail(EditMessageMedia, no_photo)
        job = await room.submit()
        room.board.started(job)
        for number in (1, 2):
            room.now.s += 1
            room.board.progress(job.id, step(number, jpeg(RED)))
            await until(lambda number=number: f"step {number} of 50" in texts(room))
        assert len(room.telegram.of(EditMessageMedia)) == 1


async def test_a_message_that_became_a_photo_before_a_restart_is_recognised(tmp_path: Path) -> None:
    async with rig(tmp_path) as room, running(room.board.run()):
        room.telegram.fail(EditMessageText, no_text)
        job = await room.submit()
        room.board.started(job)
        for number in (1, 2):
            room.now.s += 1
            room.board.progress(job.id, step(number))
            await until(lambda number=number: f"step {number} of 50" in captions(room))
        assert len(room.telegram.of(EditMessageText)) == 1


async def painted_after_a_preview(room: Rig, count: int = 1) -> int:
    """A finished job whose message shows a preview; its id."""
    async with running(room.runner.run(), room.board.run()):
        job = await room.submit(count=count)
        painting = await room.pool.next()
        room.now.s += 1
        painting.report(step(1, jpeg(RED)))
        await until(lambda: room.telegram.of(EditMessageMedia))
        painting.finish()
        await room.reaches(job.id, JobStatus.DONE)
    return job.id


async def test_the_result_takes_the_place_of_the_preview(tmp_path: Path) -> None:
    async with rig(tmp_path) as room:
        job_id = await painted_after_a_preview(room)
        async with running(room.delivery.run()):
            delivered = await room.reaches(job_id, JobStatus.DELIVERED)
        *_, last = room.telegram.of(EditMessageMedia)
        assert last.message_id == delivered.status_message_id == delivered.result_message_id
        assert len(room.telegram.of(SendMessage)) == 1


async def test_the_words_of_an_album_get_a_message_of_their_own_and_the_preview_goes(tmp_path: Path) -> None:
    async with rig(tmp_path, retry_every_s=0.02) as room:
        job_id = await painted_after_a_preview(room, count=2)
        room.telegram.fail(EditMessageText, no_text)
        room.telegram.fail(EditMessageText, lost)  # a repeat finds the new message
        async with running(room.delivery.run()):
            delivered = await room.reaches(job_id, JobStatus.DELIVERED)
        assert [edit.message_id for edit in room.telegram.of(EditMessageText)][-3:] == [100, 101, 101]
        assert delivered.result_message_id == 101
        assert len(room.telegram.of(SendMediaGroup)) == 1
        assert [gone.message_id for gone in room.telegram.of(DeleteMessage)] == [100]


async def test_a_cancelled_preview_says_so_below_the_picture(tmp_path: Path) -> None:
    pool = PuppetPool()
    async with stage(tmp_path, pool) as scene:
        asked = await scene.sandbox.say(scene.ann, "a red circle")
        painting = await pool.next()
        painting.report(step(10, jpeg(RED)))
        preview = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)
        assert "step 10 of 50" in (preview.caption or "")
        await scene.sandbox.press(scene.ann, preview, "Cancel")
        ended = await scene.sandbox.wait_for(scene.ann, lambda m: "credits are back" in (m.caption or ""), after=asked)
        assert ended.message_id == preview.message_id
        assert ended.photo
        assert ended.reply_markup is None


@pytest.mark.parametrize("previews", [True, False])
async def test_previews_can_be_switched_off(tmp_path: Path, previews: bool) -> None:
    pool = PuppetPool()
    async with stage(tmp_path, pool, messages__previews=previews) as scene:
        asked = await scene.sandbox.say(scene.ann, "a red circle")
        (await pool.next()).report(step(10, jpeg(RED)))
        shown = await scene.sandbox.wait_for(
            scene.ann, lambda m: "step 10 of 50" in (m.text or m.caption or ""), after=asked
        )
        assert bool(shown.photo) is previews
