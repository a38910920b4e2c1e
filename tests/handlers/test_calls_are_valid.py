"""Every call that the bot makes in a conversation is valid against the Bot API's own description."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Final

import pytest
from aiogram import types

from bot.sandbox.client import RecordedCall, labels
from bot.sandbox.spec import Specification, spec_violations
from tests.handlers.admin_stage import control_room
from tests.puppet import PuppetPool
from tests.studio import Stage

YOUNG: Final = {"ephemeral_message_parameters": "EphemeralMessageParameters", "disabled": "DisabledButton"}


@pytest.fixture
def specification() -> Specification:
    path = os.environ.get("BOT_API_SPEC", "")
    if not path:
        pytest.skip("BOT_API_SPEC names no specification file")
    return Specification.model_validate_json(Path(path).read_text("utf-8"))


def violations(calls: list[RecordedCall], specification: Specification) -> list[str]:
    """What the specification finds, without what is younger than it: the bot does without where a server does, too."""
    young = [field for field, type_name in YOUNG.items() if type_name not in specification.types]
    found = spec_violations(calls, specification)
    return [line for line in found if not any(line.endswith(f".{field}: no such field") for field in young)]


def has_button(message: types.Message, label: str) -> bool:
    return label in labels(message)


async def test_a_whole_conversation_makes_valid_calls_only(
    scene: Stage, pool: PuppetPool, specification: Specification
) -> None:
    await scene.sandbox.say(scene.ann, "/start")
    hello = await scene.sandbox.wait_for(scene.ann, lambda m: m.text)
    await scene.sandbox.press(scene.ann, hello, labels(hello)[1])
    painting = await pool.next()
    painting.step(10)
    await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "step 10" in m.text)
    painting.finish()
    picture = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo)
    await scene.sandbox.press(scene.ann, picture, "As file")
    await scene.sandbox.wait_for(scene.ann, lambda m: m.document)
    for command in ("/settings", "/queue", "/cancel", "/help", "/nonsense"):
        asked = await scene.sandbox.say(scene.ann, command)
        await scene.sandbox.wait_for(scene.ann, lambda m: m.text, after=asked)
    calls = await scene.sandbox.calls()
    assert {"sendMessage", "editMessageText", "editMessageMedia", "sendDocument", "answerCallbackQuery"} <= {
        call.method for call in calls
    }
    assert violations(calls, specification) == []


async def test_what_is_chosen_kept_and_looked_at_makes_valid_calls_only(
    scene: Stage, pool: PuppetPool, specification: Specification
) -> None:
    asked = await scene.sandbox.say(scene.ann, "two red circles --n 2")
    (await pool.next()).finish()
    await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)
    carrier = await scene.sandbox.wait_for(scene.ann, lambda m: "🤍" in labels(m), after=asked)
    await scene.sandbox.react(scene.ann, carrier, "❤")
    await scene.sandbox.wait_for(scene.ann, lambda m: "❤️" in labels(m), after=asked)
    for command, button in (
        ("/timezone", "(+3)"),
        ("/language", "English"),
        ("/history", "1"),
        ("/menu", "Help"),
        ("/settings", "16:9"),
    ):
        asked = await scene.sandbox.say(scene.ann, command)
        shown = await scene.sandbox.wait_for(scene.ann, lambda m: m.reply_markup, after=asked)
        await scene.sandbox.wait_for_answer(await scene.sandbox.press(scene.ann, shown, button))
    forum = await scene.sandbox.create_group("Painters", [scene.ann], is_forum=True)
    stars = await scene.sandbox.open_topic(scene.ann, forum, "Stars")
    asked = await scene.sandbox.say(scene.ann, "/imagine a yellow star", chat=forum, topic=stars)
    (await pool.next()).finish()
    await scene.sandbox.wait_for(forum, lambda m: m.photo, after=asked)
    asked = await scene.sandbox.say(scene.ann, "/settings", chat=forum, topic=stars)
    await scene.sandbox.wait_for(forum, lambda m: m.receiver_user, after=asked)
    calls = await scene.sandbox.calls()
    assert {"sendMediaGroup", "editMessageReplyMarkup", "editMessageText"} <= {call.method for call in calls}
    assert any("message_thread_id" in call.parameters for call in calls)
    assert violations(calls, specification) == []


async def test_everything_that_admins_do_makes_valid_calls_only(
    tmp_path: Path, pool: PuppetPool, specification: Specification
) -> None:
    async with control_room(tmp_path, pool) as room:
        await room.sandbox.say(room.ann, "a yellow star")
        (await pool.next()).finish()
        await room.sandbox.wait_for(room.ann, lambda m: m.photo)
        await room.sandbox.say(room.ann, "a red circle")
        await pool.next()
        panel = await room.ask("/admin")
        for button, leads_to in (
            ("admin-button-jobs", "admin-button-back"),
            ("admin-button-back", "admin-button-maintenance-on"),
            ("admin-button-maintenance-on", "admin-button-maintenance-off"),
        ):
            await room.presses(panel, button)
            label = room.label(leads_to)
            panel = await room.sandbox.wait_for(room.admin, functools.partial(has_button, label=label))
        await room.presses(panel, "admin-button-close")
        await room.sandbox.wait_until_gone(panel)
        await room.ask("/maintenance off")
        card = await room.ask(f"/user {room.ann.id}")
        await room.presses(card, "admin-button-grant", credits=70)
        for command in ("/jobs", "/engines", "/audit", f"/quota {room.ann.id} 7", f"/ban {room.ann.id}", "/unban @x"):
            await room.ask(command)
        asked = await room.sandbox.say(room.admin, "/stats week")
        await room.sandbox.wait_for(room.admin, lambda m: m.photo, after=asked)
        await room.ask(f"/unban {room.ann.id}")
        asked = await room.sandbox.say(room.admin, "/broadcast <b>hello</b>")
        send = room.label("admin-button-send", recipients=1)
        question = await room.sandbox.wait_for(room.admin, lambda m: send in labels(m), after=asked)
        await room.presses(question, "admin-button-send", recipients=1)
        await room.hears(room.admin, room.words("admin-broadcast-done"))
        calls = await room.sandbox.calls()
    assert {"copyMessage", "sendPhoto", "deleteMessage", "setMyCommands"} <= {call.method for call in calls}
    assert violations(calls, specification) == []
