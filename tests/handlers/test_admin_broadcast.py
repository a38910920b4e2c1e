"""A broadcast: preview, question, bar, report; nobody gets it twice and nobody is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import types

from bot.sandbox.client import labels
from tests import puppet
from tests.handlers.admin_stage import IN_BOTH_LANGUAGES, ControlRoom, control_room
from tests.puppet import PuppetPool


@pytest.fixture
async def room(tmp_path: Path, pool: PuppetPool, language: str) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path, pool, language) as room:
        yield room


async def people(room: ControlRoom) -> list[types.User]:
    """Three who have written to the bot, one of them speaks Russian."""
    everybody = [room.ann, await room.scene.boris(), await room.sandbox.create_user("Clara")]
    for one in everybody:
        await room.greets(one)
    return everybody


async def question(room: ControlRoom, text: str, reply_to: types.Message | None = None) -> types.Message:
    said = await room.sandbox.say(room.admin, text, reply_to=reply_to)
    drop = room.label("admin-button-drop")
    return await room.sandbox.wait_for(room.admin, lambda m: drop in labels(m), after=said)


@IN_BOTH_LANGUAGES
async def test_everybody_gets_what_the_admin_saw(room: ControlRoom) -> None:
    everybody = await people(room)
    asked = await question(room, "/broadcast New style: <mosaic> & more\nTry it!")
    assert asked.text == room.words("admin-broadcast-ask", recipients=3)
    shown = (await room.sandbox.messages(room.admin, asked.message_id - 2))[0]
    assert shown.text == "New style: <mosaic> & more\nTry it!"
    assert await room.presses(asked, "admin-button-send", recipients=3) == ""
    for one in everybody:
        await room.hears(one, "New style: <mosaic> & more\nTry it!")
    report = await room.hears(room.admin, room.words("admin-broadcast-counts", sent=3, blocked=0, failed=0))
    assert report.message_id == asked.message_id
    assert room.words("admin-broadcast-done") in (report.text or "")
    assert labels(report) == []
    assert await room.presses(asked, "admin-button-send", recipients=3) == room.label("admin-broadcast-over")
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


@IN_BOTH_LANGUAGES
async def test_a_dropped_draft_is_never_sent(room: ControlRoom) -> None:
    await people(room)
    asked = await question(room, "/broadcast hello")
    await room.presses(asked, "admin-button-drop")
    await room.hears(room.admin, room.words("admin-broadcast-dropped"))
    late = await room.sandbox.press(room.admin, asked, "admb|send|1")
    assert (await room.sandbox.wait_for_answer(late)).text == room.label("admin-broadcast-over")
    assert not await room.sandbox.calls("copyMessage")


@IN_BOTH_LANGUAGES
async def test_without_words_or_people_there_is_nothing_to_send(room: ControlRoom) -> None:
    assert (await room.ask("/broadcast")).text == room.words("admin-broadcast-usage", example="/broadcast …")
    said = await room.sandbox.say(room.admin, "/broadcast hello")
    alone = room.words("admin-broadcast-ask", recipients=0)
    nobody = await room.sandbox.wait_for(room.admin, lambda m: m.text == alone, after=said)
    assert labels(nobody) == []
