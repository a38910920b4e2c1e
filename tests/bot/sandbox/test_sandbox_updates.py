from __future__ import annotations

import asyncio

import pytest
from aiogram import Bot, types
from aiogram.exceptions import TelegramConflictError

from bot.sandbox.client import SandboxClient
from bot.sandbox.server import RunningSandbox
from tests.bot.fake_telegram import PATIENCE_S
from tests.bot.sandbox.sandbox_kit import OTHER_TOKEN, connect


async def test_an_update_comes_again_until_a_greater_offset_acknowledges_it(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    await people.say(ann, "one")
    await people.say(ann, "two")
    first = await bot.get_updates()
    again = await bot.get_updates()
    rest = await bot.get_updates(offset=first[0].update_id + 1)
    assert [update.message.text for update in first] == ["one", "two"]
    assert [update.update_id for update in again] == [update.update_id for update in first]
    assert [update.message.text for update in rest] == ["two"]


async def test_limit_bounds_the_answer_and_a_negative_offset_keeps_the_newest(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    for text in ("one", "two", "three"):
        await people.say(ann, text)
    assert [update.message.text for update in await bot.get_updates(limit=2)] == ["one", "two"]
    assert [update.message.text for update in await bot.get_updates(offset=-1)] == ["three"]
    assert [update.message.text for update in await bot.get_updates()] == ["three"]


async def test_a_long_poll_wakes_when_somebody_writes(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    while not poll.done():  # the poll may begin before or after the message; both must end it
        await people.say(ann, "hello")
        await asyncio.wait([poll], timeout=0.2)
    assert (await poll)[0].message.text == "hello"


async def test_of_two_pollers_the_earlier_ends_with_a_conflict(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    polls = {asyncio.create_task(bot.get_updates(timeout=30)) for _ in range(2)}
    done, waiting = await asyncio.wait(polls, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request"):
        await done.pop()
    await people.say(ann, "for the later one")
    assert (await asyncio.wait_for(waiting.pop(), PATIENCE_S))[0].message.text == "for the later one"


async def test_polling_is_refused_while_a_webhook_is_set(bot: Bot) -> None:
    await bot.set_webhook("http://127.0.0.1:9/hook")
    with pytest.raises(TelegramConflictError, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == []


async def test_allowed_updates_hold_until_changed(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    await people.say(ann, "not wanted")
    assert await bot.get_updates() == []
    await bot.get_updates(allowed_updates=[])
    await people.say(ann, "wanted")
    assert [update.message.text for update in await bot.get_updates()] == ["wanted"]


async def test_what_was_written_before_any_bot_called_reaches_the_first_bot_only(
    sandbox: RunningSandbox, people: SandboxClient, ann: types.User
) -> None:
    await people.say(ann, "is anybody there?")
    group = await people.create_group("Painters", [ann])
    first, second = connect(sandbox.url, "7:" + "C" * 35), connect(sandbox.url, OTHER_TOKEN)
    try:
        told = await first.get_updates()
        assert [update.event_type for update in told] == ["message", "my_chat_member"]
        assert told[1].my_chat_member.chat.id == group.id
        assert await second.get_updates() == []
    finally:
        await first.session.close()
        await second.session.close()


async def test_two_bots_acknowledge_on_their_own(
    sandbox: RunningSandbox, bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    other = connect(sandbox.url, OTHER_TOKEN)
    try:
        await bot.get_me()
        await other.get_me()
        await people.say(ann, "to both")
        mine = await bot.get_updates()
        await bot.get_updates(offset=mine[-1].update_id + 1)
        assert [update.message.text for update in await other.get_updates()] == ["to both"]
    finally:
        await other.session.close()
