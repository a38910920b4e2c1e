"""Every call that the bot makes in a conversation is valid against the Bot API's own description."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.sandbox.client import labels
from bot.sandbox.spec import Specification, spec_violations
from tests.puppet import PuppetPool
from tests.studio import Stage


@pytest.fixture
def specification() -> Specification:
    path = os.environ.get("BOT_API_SPEC", "")
    if not path:
        pytest.skip("BOT_API_SPEC names no specification file")
    return Specification.model_validate_json(Path(path).read_text("utf-8"))


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
    assert spec_violations(calls, specification) == []
