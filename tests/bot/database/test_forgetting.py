"""Forgetting leaves no word, name or picture of the user anywhere, and refills nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from aiogram import types
from aiogram.fsm.storage.base import StorageKey
from sqlalchemy import func, select

from bot.database import models
from bot.database.artifacts import Artifacts, NewUpload
from bot.database.forgetting import Forgetting, Forgotten
from bot.database.history import History
from bot.database.inbox import Inbox
from bot.database.storage import DatabaseStorage
from bot.database.users import Preferences
from bot.media import MediaStore
from bot.queue.jobs import Lease, NewArtifact
from engines import tasks
from tests.bot.queue.queue_world import World, open_world

ANN, BORIS = 1_000_000_007, 2
PICTURE: Final = b"the bytes of a picture that somebody got"
# What Ann wrote, is called, chose and sent; each has to be in the files before, or its absence would say nothing.
SECRETS: Final = {
    "prompt": "a quokka with a secret",
    "negative prompt of a job": "nothing blurred by ann",
    "negative prompt of the settings": "no towers of ann",
    "first name": "Annabelle",
    "username": "annabelle_the_first",
    "conversation": "a half-written mask",
    "waiting update": "an unhandled wish",
    "note": "because annabelle asked",
    "key": "message:1000000007:4242",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A world with Ann and Boris, and everything that the bot keeps of them."""

    world: World
    folder: Path
    media: MediaStore
    forgetting: Forgetting

    async def submit(self, user_id: int, prompt: str, key: str, input_ids: tuple[int, ...] = ()) -> int:
        negative = SECRETS["negative prompt of a job"] if user_id == ANN else ""
        task = tasks.TextToImage(prompt=prompt, negative_prompt=negative, seed=7)
        new = replace(self.world.new_job(user_id, key=key), task=task, input_ids=input_ids)
        return (await self.world.queue.submit(new)).job.id

    async def finish(self, lease: Lease) -> None:
        stored = await self.media.save(PICTURE, suffix=".png")
        file = NewArtifact(stored.path, "image/png", 8, 8, stored.size_bytes, stored.sha256)
        await self.world.queue.finish(lease, [file], 100)

    async def painted(self, user_id: int, prompt: str, key: str) -> int:
        job_id = await self.submit(user_id, prompt, key)
        await self.finish(await self.world.claim())
        await self.world.queue.mark_delivered(job_id, 4243)
        return job_id

    async def upload(self, user_id: int) -> int:
        stored = await self.media.save(PICTURE, suffix=".png")
        new = NewUpload(user_id, stored.path, "image/png", 8, 8, stored.size_bytes, stored.sha256)
        return (await Artifacts(self.world.database, self.world.clock).add_upload(new)).id

    def found(self, words: dict[str, str]) -> set[str]:
        """Which of the words are somewhere in the bytes of the database, its log, or the media."""
        content = b"".join(path.read_bytes() for path in self.folder.rglob("*") if path.is_file())
        return {name for name, word in words.items() if word.encode() in content}

    async def files(self) -> int:
        return len(await self.media.files())


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """Ann has used everything that keeps something, and Boris has painted one picture."""
    async with open_world(tmp_path) as world:
        media = MediaStore(tmp_path / "media")
        scene = Scene(world, tmp_path, media, Forgetting(world.database, media, world.clock))
        await world.users.seen(
            types.User(
                id=ANN, is_bot=False, first_name=SECRETS["first name"], username=SECRETS["username"], language_code="en"
            )
        )
        await world.users.seen(types.User(id=BORIS, is_bot=False, first_name="Boris"))
        await world.users.set_language(ANN, "ru")
        await world.users.save_preferences(ANN, Preferences(negative_prompt=SECRETS["negative prompt of the settings"]))
        for number in range(3):
            kept = await scene.painted(ANN, SECRETS["prompt"], f"{SECRETS['key']}-{number}")
        await History(world.database, world.clock).set_favourite(ANN, kept, True)
        await scene.painted(BORIS, "a dog of boris", "message:2:1")
        await scene.upload(ANN)
        storage = DatabaseStorage(world.database)
        await storage.set_data(StorageKey(bot_id=1, chat_id=ANN, user_id=ANN), {"text": SECRETS["conversation"]})
        update = {"update_id": 5, "message": {"from": {"id": ANN}, "text": SECRETS["waiting update"]}}
        await Inbox(world.database, world.clock).receive([(5, json.dumps(update))])
        await world.queue.grant(ANN, 10, SECRETS["note"])
        yield scene


async def test_nothing_of_the_user_is_left_in_any_file(scene: Scene) -> None:
    assert scene.found(SECRETS) == set(SECRETS)
    assert await scene.forgetting.forget(ANN) == Forgotten(jobs=3, files=4)
    assert await scene.forgetting.finish() == 1
    assert scene.found(SECRETS) == set()
    assert scene.found({"boris": "a dog of boris", "name": "Boris"}) == {"boris", "name"}
    assert await scene.files() == 1, "the picture of Boris"


async def test_forgetting_refills_nothing_and_lifts_no_ban(scene: Scene) -> None:
    await scene.world.users.set_banned(ANN, True)
    await scene.world.users.set_daily_credits(ANN, 40)
    before = await scene.world.queue.credits(ANN)
    await scene.forgetting.forget(ANN)
    await scene.forgetting.finish()
    assert await scene.world.queue.credits(ANN) == before
    ann = await scene.world.users.find(ANN)
    assert ann is not None
    assert (ann.is_banned, ann.first_name, ann.username, ann.language, ann.language_code) == (
        True,
        "",
        None,
        None,
        None,
    )


async def test_a_forgotten_user_has_the_settings_of_a_new_one_and_an_empty_history(scene: Scene) -> None:
    await scene.forgetting.forget(ANN)
    history = History(scene.world.database, scene.world.clock)
    assert await scene.world.users.preferences(ANN) == Preferences()
    assert await history.page(ANN, 10) == await history.favourites(ANN, 10) == []
    assert await history.by_message(ANN, 4243) is None
    assert len(await history.page(BORIS, 10)) == 1


async def test_a_forgotten_user_gets_no_broadcast_until_writing_again(scene: Scene) -> None:
    await scene.forgetting.forget(ANN)
    assert [user_id async for user_id in scene.world.users.everyone_reachable()] == [BORIS]
    await scene.world.users.seen(types.User(id=ANN, is_bot=False, first_name="Ann"))
    assert [user_id async for user_id in scene.world.users.everyone_reachable()] == [BORIS, ANN]


async def test_the_outcome_of_a_cancelled_job_is_still_shown_and_then_gone(scene: Scene) -> None:
    job_id = await scene.submit(ANN, "an open wish of ann", "open")
    await scene.world.queue.cancel(job_id, ANN)
    await scene.world.queue.set_status_message(job_id, 4244)
    await scene.forgetting.forget(ANN)
    (waiting,) = await scene.world.queue.undelivered()
    assert (waiting.id, waiting.chat_id, waiting.status_message_id, waiting.task_json) == (job_id, ANN, 4244, "")
    assert await scene.forgetting.finish() == 0, "the outcome has not been shown"
    await scene.world.queue.mark_delivered(job_id, 4244)
    assert await scene.forgetting.finish() == 1
    job = await scene.world.queue.get(job_id)
    assert (job.chat_id, job.status_message_id, job.result_message_id) == (0, None, None)
    assert scene.found(SECRETS) == set()


async def test_a_painting_that_was_running_goes_once_it_was_shown(scene: Scene) -> None:
    """A result that comes during the last step wins over the wish to cancel it."""
    upload_id = await scene.upload(ANN)
    job_id = await scene.submit(ANN, "a running wish of ann", "running", (upload_id,))
    lease = await scene.world.claim()
    await scene.world.queue.cancel(job_id, ANN)
    await scene.forgetting.forget(ANN)
    await scene.finish(lease)
    assert await scene.forgetting.finish() == 0
    assert (await scene.world.queue.get(job_id)).task.prompt == "a running wish of ann"
    await scene.world.queue.mark_delivered(job_id, 4245)
    assert await scene.forgetting.finish() == 1
    assert scene.found(SECRETS | {"running": "a running wish of ann"}) == set()
    assert await scene.files() == 1, "the picture of Boris"


async def test_what_is_painted_after_the_wish_stays(scene: Scene) -> None:
    await scene.forgetting.forget(ANN)
    scene.world.clock.advance(1)
    await scene.world.users.seen(types.User(id=ANN, is_bot=False, first_name="Ann"))
    await scene.world.users.save_preferences(ANN, Preferences(count=3))
    job_id = await scene.painted(ANN, "a new wish", "new")
    await scene.forgetting.finish()
    assert (await scene.world.queue.get(job_id)).task.prompt == "a new wish"
    assert (await scene.world.users.preferences(ANN)).count == 3
    assert await scene.files() == 2


async def test_only_the_users_own_updates_are_closed(scene: Scene) -> None:
    inbox = Inbox(scene.world.database, scene.world.clock)
    others = {"update_id": 6, "message": {"from": {"id": BORIS}, "reply_to_message": {"from": {"id": ANN}}}}
    await inbox.receive([(6, json.dumps(others))])
    reaction = {"update_id": 7, "message_reaction": {"user": {"id": ANN}}}
    await inbox.receive([(7, json.dumps(reaction))])
    await scene.forgetting.forget(ANN)
    assert await inbox.unhandled() == [(6, json.dumps(others))]
    assert await inbox.receive([(5, "again")]) == []


async def test_whatever_stays_of_a_forgotten_user_is_numbers(scene: Scene) -> None:
    await scene.forgetting.forget(ANN)
    async with scene.world.database.read() as session:
        counted = {
            table.__tablename__: await session.scalar(select(func.count()).select_from(table).where(whose))
            for table, whose in (
                (models.Job, models.Job.user_id == ANN),
                (models.CreditEntry, models.CreditEntry.user_id == ANN),
                (models.InputMedia, models.InputMedia.user_id == ANN),
                (models.Favourite, models.Favourite.user_id == ANN),
                (models.UserSettings, models.UserSettings.user_id == ANN),
                (models.ConversationState, models.ConversationState.user_id == ANN),
            )
        }
    assert counted == {
        "jobs": 3,
        "credit_ledger": 4,
        "input_media": 0,
        "favourites": 0,
        "user_settings": 0,
        "conversation_state": 0,
    }


async def test_old_prompts_are_erased_and_those_of_favourites_stay(scene: Scene) -> None:
    history = History(scene.world.database, scene.world.clock)
    day = timedelta(days=1)
    (kept,) = await history.favourites(ANN, 10)
    scene.world.clock.advance(86400)
    assert await scene.forgetting.prune(day) == 0
    scene.world.clock.advance(1)
    young = await scene.painted(ANN, "a young wish", "young")
    undelivered = await scene.submit(BORIS, "not shown yet", "waits")
    await scene.finish(await scene.world.claim())
    scene.world.clock.advance(5)
    assert await scene.forgetting.prune(day) == 3, "two of Ann and one of Boris"
    assert await scene.forgetting.prune(day) == 0
    assert [job.id for job in await history.page(ANN, 10)] == [young, kept.id]
    assert [job.id for job in await history.page(BORIS, 10)] == [undelivered]
    assert scene.found({"boris": "a dog of boris", "young": "a young wish"}) >= {"young"}


async def test_pruning_takes_more_than_one_transaction_holds(scene: Scene) -> None:
    async with scene.world.database.write() as session:
        session.add_all(
            models.Job(
                user_id=BORIS, idempotency_key=f"old-{number}", kind="text_to_image", task="{}", model="m",
                size_key="s", language="en", chat_id=BORIS, status=models.JobStatus.DELIVERED, cost_credits=1,
                cost_gpu_ms=1, created_at=scene.world.clock.now, finished_at=scene.world.clock.now,
                delivered_at=scene.world.clock.now,
            )
            for number in range(1100)
        )  # fmt: skip
    scene.world.clock.advance(10)
    assert await scene.forgetting.prune(timedelta(seconds=5)) == 1103
