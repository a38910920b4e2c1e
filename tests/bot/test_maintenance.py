"""The maintenance switch: durable, drained once, and everybody who was refused is told once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramForbiddenError
from aiogram.methods import SendMessage

from bot.database.state import BotState
from bot.database.statistics import Statistics
from bot.maintenance import Maintenance
from bot.queue import errors
from bot.texts import Texts
from tests.bot.fake_telegram import PATIENCE_S, FakeTelegram, until
from tests.bot.queue.queue_world import World, open_world
from tests.bot.rig import running

ADMIN, ANN, BORIS = 900, 1001, 1002
TEXTS = Texts()


@dataclass(slots=True)
class Place:
    """A database and a fake Telegram; `switch` is the process's own view, as at a start."""

    world: World
    telegram: FakeTelegram

    async def switch(self) -> Maintenance:
        database = self.world.database
        opened = Maintenance(
            BotState(database), Statistics(database), self.world.users, Bot("42:fake", session=self.telegram), TEXTS
        )
        await opened.load()
        return opened

    def told(self) -> list[tuple[int, str]]:
        return [(int(call.chat_id), call.text.split()[0]) for call in self.telegram.of(SendMessage)]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with open_world(tmp_path) as world:
        for user_id in (ADMIN, ANN, BORIS):
            await world.user(user_id)
        yield Place(world, FakeTelegram())


async def test_off_lets_everybody_pass(place: Place) -> None:
    switch = await place.switch()
    await switch.admit(ANN)
    assert not switch.is_on
    assert not await switch.switch_off()


async def test_on_refuses_with_the_operators_words_also_after_a_restart(place: Place) -> None:
    await (await place.switch()).switch_on(ADMIN, "a new card")
    after = await place.switch()
    assert after.is_on
    with pytest.raises(errors.Maintenance) as refused:
        await after.admit(ANN)
    assert refused.value.text == "a new card"


async def test_the_admin_hears_once_that_nothing_is_in_line_any_more(place: Place) -> None:
    await place.world.submit(ANN)
    lease = await place.world.claim()
    switch = await place.switch()
    await switch.switch_on(ADMIN, "")
    async with running(switch.run()):
        assert place.told() == []
        await place.world.finish(lease)
        await until(place.told)
    again = await place.switch()
    async with running(again.run()):
        await again.switch_off()
    assert place.told() == [(ADMIN, "Nothing")]


async def test_who_was_refused_is_told_once_even_if_the_process_dies_in_between(place: Place) -> None:
    switch = await place.switch()
    await switch.switch_on(ADMIN, "")
    for user_id in (ANN, BORIS, ANN):
        with pytest.raises(errors.Maintenance):
            await switch.admit(user_id)
    await switch.switch_off()
    restarted = await place.switch()
    async with running(restarted.run()):
        await until(lambda: len(place.told()) == 2)
    async with running((await place.switch()).run()):
        pass
    assert place.told() == [(ANN, "I"), (BORIS, "I")]


async def test_switched_on_again_it_still_owes_the_news_to_those_refused_before(place: Place) -> None:
    switch = await place.switch()
    await switch.switch_on(ADMIN, "")
    with pytest.raises(errors.Maintenance):
        await switch.admit(ANN)
    await switch.switch_off()
    await switch.switch_on(ADMIN, "")
    await switch.switch_off()
    async with running(switch.run()):
        await until(place.told)
    assert place.told() == [(ANN, "I")]


async def test_who_has_blocked_the_bot_meanwhile_is_noted(place: Place) -> None:
    switch = await place.switch()
    await switch.switch_on(ADMIN, "")
    with pytest.raises(errors.Maintenance):
        await switch.admit(ANN)
    await switch.switch_off()
    place.telegram.fail(SendMessage, lambda method: TelegramForbiddenError(method, "Forbidden: bot was blocked"))

    async def is_noted() -> bool:
        ann = await place.world.users.find(ANN)
        return ann is not None and ann.blocked_at is not None

    async with running(switch.run()), asyncio.timeout(PATIENCE_S):
        while not await is_noted():  # noqa: ASYNC110 - the note comes after the refused message, without an event
            await asyncio.sleep(0.01)
