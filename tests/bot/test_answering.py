"""New messages about a job go into the topic that it was asked for in, whatever became of the message that asked."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import EditMessageText, SendMediaGroup, SendMessage, TelegramMethod

from bot.database.models import JobStatus
from bot.studio import Origin
from engines import tasks
from tests.bot.rig import Rig, rig, running

FORUM: Final = -100_300
STARS: Final = 17


def no_topic(method: TelegramMethod[object]) -> TelegramBadRequest:
    return TelegramBadRequest(method, "Bad Request: message thread not found")


def no_message(method: TelegramMethod[object]) -> TelegramBadRequest:
    return TelegramBadRequest(method, "Bad Request: message to edit not found")


async def deliver(room: Rig) -> None:
    """Ann's album out of a topic, from the wish to the result."""
    origin = Origin(FORUM, 5, "en", "a wish", STARS)
    async with running(room.runner.run(), room.delivery.run()):
        task = tasks.TextToImage(prompt="two red circles", seed=7, count=2)
        job = (await room.studio.submit(task, room.ann, origin)).job
        (await room.pool.next()).finish()
        await room.reaches(job.id, JobStatus.DELIVERED)


async def test_status_replacement_and_album_stay_in_the_topic(tmp_path: Path) -> None:
    async with rig(tmp_path) as room:
        room.telegram.fail(EditMessageText, no_message)  # somebody deleted the status message
        await deliver(room)
        sent = room.telegram.of(SendMessage, SendMediaGroup)
        assert [type(call) for call in sent] == [SendMessage, SendMessage, SendMediaGroup]
        assert [call.message_thread_id for call in sent] == [STARS] * 3


async def test_where_the_topic_is_gone_the_chat_gets_the_picture(tmp_path: Path) -> None:
    async with rig(tmp_path) as room:
        room.telegram.fail(SendMessage, no_topic)
        room.telegram.fail(SendMediaGroup, no_topic)
        await deliver(room)
        assert [call.message_thread_id for call in room.telegram.of(SendMessage)] == [STARS, None]
        assert [call.message_thread_id for call in room.telegram.of(SendMediaGroup)] == [STARS, None]


async def test_the_topic_is_remembered_with_the_job(tmp_path: Path) -> None:
    async with rig(tmp_path) as room:
        task = tasks.TextToImage(prompt="a red circle", seed=7)
        submitted = await room.studio.submit(task, room.ann, Origin(FORUM, 5, "en", "a wish", STARS))
        assert (await room.job(submitted.job.id)).message_thread_id == STARS
