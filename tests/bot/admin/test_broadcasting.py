"""Broadcasts on a real database: kills, stops and refusals add up, and no message is doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramNetworkError
from aiogram.methods import CopyMessage, EditMessageText

from bot.admin.broadcasting import Broadcaster
from bot.database.broadcasts import Broadcast, Broadcasts, Outcome
from bot.database.models import BroadcastStatus
from bot.texts import Texts
from tests.bot.fake_telegram import FakeTelegram, until
from tests.bot.queue.queue_world import World, open_world
from tests.bot.rig import running

ADMIN, PEOPLE = 900, range(1001, 1006)
TEXTS = Texts()


@dataclass(slots=True)
class Post:
    """A broadcaster between a database and a fake Telegram."""

    world: World
    telegram: FakeTelegram
    broadcasts: Broadcasts
    broadcaster: Broadcaster

    async def confirmed(self) -> int:
        """A broadcast that the admin has just confirmed."""
        draft = await self.broadcaster.draft(ADMIN, source_message_id=7)
        await self.broadcaster.ask(draft, 8)
        assert await self.broadcaster.start(draft.id) is not None
        return draft.id

    async def get(self, broadcast_id: int) -> Broadcast:
        found = await self.broadcasts.get(broadcast_id)
        assert found is not None
        return found

    def recipients(self) -> list[int]:
        return [int(call.chat_id) for call in self.telegram.of(CopyMessage)]

    async def reported(self) -> str:
        """What the admin reads at the end."""
        await until(lambda: any("Arrived" in call.text for call in self.telegram.of(EditMessageText)))
        return str(self.telegram.of(EditMessageText)[-1].text)


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with open_world(tmp_path) as world:
        for user_id in (ADMIN, *PEOPLE):
            await world.user(user_id)
        telegram = FakeTelegram()
        broadcasts = Broadcasts(world.database, world.clock)
        broadcaster = Broadcaster(Bot("42:fake", session=telegram), broadcasts, world.users, TEXTS)
        yield Post(world, telegram, broadcasts, broadcaster)


async def test_it_reaches_all_but_the_sender_the_banned_the_blocked_and_the_forgotten(post: Post) -> None:
    await post.world.users.set_banned(1002, True)
    await post.world.users.set_blocked(1004, True)
    await post.confirmed()
    post.world.clock.advance(1)
    await post.world.user(1099)  # came after the start
    async with running(post.broadcaster.run()):
        report = await post.reported()
    assert post.recipients() == [1001, 1003, 1005]
    assert "Arrived: 3\nBlocked the bot: 0\nFailed: 0" in report


async def test_refusals_are_counted_by_what_they_are(post: Post) -> None:
    broadcast_id = await post.confirmed()
    for failure in (
        lambda method: TelegramForbiddenError(method, "Forbidden: bot was blocked by the user"),
        lambda method: TelegramBadRequest(method, "Bad Request: chat not found"),
        lambda method: TelegramNetworkError(method, "reset"),
    ):
        post.telegram.fail(CopyMessage, failure)
    async with running(post.broadcaster.run()):
        await post.reported()
    ended = await post.get(broadcast_id)
    assert (ended.sent, ended.blocked, ended.failed, ended.unsure) == (2, 1, 2, 0)
    assert ended.status is BroadcastStatus.DONE
    blocked = await post.world.users.find(1001)
    assert blocked is not None
    assert blocked.blocked_at is not None


async def test_a_message_that_the_admin_has_deleted_stops_it(post: Post) -> None:
    broadcast_id = await post.confirmed()
    post.telegram.fail(CopyMessage, lambda method: TelegramBadRequest(method, "Bad Request: message to copy not found"))
    async with running(post.broadcaster.run()):
        await post.reported()
    ended = await post.get(broadcast_id)
    assert (ended.status, ended.sent, ended.failed, ended.unsure) == (BroadcastStatus.STOPPED, 0, 1, 0)


async def test_a_stop_comes_after_the_message_under_way_and_counts_it(post: Post) -> None:
    post.telegram.answers.clear()
    broadcast_id = await post.confirmed()
    async with running(post.broadcaster.run()):
        await until(lambda: post.telegram.of(CopyMessage))
        assert await post.broadcaster.stop(broadcast_id) is not None
        post.telegram.answers.set()
        report = await post.reported()
    assert post.recipients() == [1001]
    assert "Stopped" in report
    ended = await post.get(broadcast_id)
    assert (ended.sent, ended.unsure) == (1, 0)
    assert await post.broadcaster.stop(broadcast_id) is None


async def test_one_at_a_time(post: Post) -> None:
    first, second = await post.broadcaster.draft(ADMIN, 7), await post.broadcaster.draft(ADMIN, 9)
    assert await post.broadcaster.start(first.id) is not None
    assert await post.broadcaster.start(second.id) is None
    assert await post.broadcaster.start(first.id) is None
    assert await post.broadcaster.is_busy()


async def test_an_orderly_end_loses_and_doubles_nobody(post: Post) -> None:
    post.telegram.answers.clear()
    broadcast_id = await post.confirmed()
    serving = asyncio.create_task(post.broadcaster.run())
    await until(lambda: post.telegram.of(CopyMessage))
    serving.cancel()
    post.telegram.answers.set()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert (await post.get(broadcast_id)).sent == 1
    async with running(post.broadcaster.run()):
        await post.reported()
    assert post.recipients() == list(PEOPLE)
    assert (await post.get(broadcast_id)).sent == 5


async def test_the_report_comes_after_a_restart_that_followed_the_last_message(post: Post) -> None:
    broadcast_id = await post.confirmed()
    outcome = None
    while await post.broadcasts.turn(broadcast_id, outcome) is not None:
        outcome = Outcome.SENT
    async with running(post.broadcaster.run()):
        assert "Arrived: 5" in await post.reported()
    assert post.recipients() == []


async def test_wherever_it_is_killed_nobody_gets_it_twice_and_the_counts_add_up(post: Post) -> None:
    for kill_after in range(len(PEOPLE) + 1):
        broadcast_id = await post.confirmed()
        given_to: list[int] = []
        outcome = None
        for _ in range(kill_after):  # the process dies after taking this turn, before it counts
            given_to.append(await post.broadcasts.turn(broadcast_id, outcome) or 0)
            outcome = Outcome.SENT
        outcome = None
        while (user_id := await post.broadcasts.turn(broadcast_id, outcome)) is not None:
            given_to.append(user_id)
            outcome = Outcome.SENT
        assert given_to == list(PEOPLE)
        ended = await post.get(broadcast_id)
        assert (ended.sent, ended.unsure) == ((5, 0) if kill_after == 0 else (4, 1))
        assert ended.handled == ended.recipients
