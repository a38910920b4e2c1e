"""A broadcast: preview, question, bar, report; nobody gets it twice and nobody is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import types

from bot.sandbox.client import labels
from tests import puppet
from tests.handlers.admin_stage import ControlRoom, control_room
from tests.puppet import PuppetPool


@pytest.fixture
async def room(tmp_path: Path, pool: PuppetPool) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path, pool) as room:
        yield room


async def people(room: ControlRoom) -> list[types.User]:
    """Three who have written to the bot, one of them speaks Russian."""
    everybody = [room.ann, await room.scene.boris(), await room.sandbox.create_user("Clara")]
    for one in everybody:
        await room.greets(one)
    return everybody


async def question(room: ControlRoom, text: str, reply_to: types.Message | None = None) -> types.Message:
    said = await room.sandbox.say(room.admin, text, reply_to=reply_to)
    return await room.sandbox.wait_for(room.admin, lambda m: "Send it?" in (m.text or ""), after=said)


async def test_everybody_gets_what_the_admin_saw(room: ControlRoom) -> None:
    everybody = await people(room)
    asked = await question(room, "/broadcast New style: <mosaic> & more\nTry it!")
    assert "3 people" in (asked.text or "")
    shown = (await room.sandbox.messages(room.admin, asked.message_id - 2))[0]
    assert shown.text == "New style: <mosaic> & more\nTry it!"
    await room.sandbox.press(room.admin, asked, "Send to 3")
    for one in everybody:
        await room.hears(one, "New style: <mosaic> & more\nTry it!")
    report = await room.hears(room.admin, "Arrived: 3")
    assert report.message_id == asked.message_id
    assert "Blocked the bot: 0" in (report.text or "")
    assert labels(report) == []
    again = await room.sandbox.press(room.admin, asked, "Send to 3")
    assert (await room.sandbox.wait_for_answer(again)).text == "This is over already."
    for one in everybody:
        got = [m for m in await room.sandbox.messages(one) if "mosaic" in (m.text or "")]
        assert len(got) == 1


async def test_a_picture_goes_out_as_a_reply_to_it(room: ControlRoom) -> None:
    ann = (await people(room))[0]
    picture = await room.sandbox.send_photo(room.admin, puppet.png(), caption="A new look")
    asked = await question(room, "/broadcast", reply_to=picture)
    await room.sandbox.press(room.admin, asked, "Send to 3")
    got = await room.sandbox.wait_for(ann, lambda m: m.photo)
    assert got.caption == "A new look"


async def test_a_dropped_draft_is_never_sent(room: ControlRoom) -> None:
    await people(room)
    asked = await question(room, "/broadcast hello")
    await room.sandbox.press(room.admin, asked, "Do not send")
    await room.hears(room.admin, "Nothing is sent.")
    late = await room.sandbox.press(room.admin, asked, "admb|send|1")
    assert (await room.sandbox.wait_for_answer(late)).text == "This is over already."
    assert not await room.sandbox.calls("copyMessage")


async def test_without_words_or_people_there_is_nothing_to_send(room: ControlRoom) -> None:
    assert "Write the words" in ((await room.ask("/broadcast")).text or "")
    said = await room.sandbox.say(room.admin, "/broadcast hello")
    nobody = await room.sandbox.wait_for(room.admin, lambda m: "Nobody would get this" in (m.text or ""), after=said)
    assert labels(nobody) == []
