"""Settings that are asked for in words, and the way out of every question."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiogram import types

from bot import clock
from bot.sandbox.client import labels
from bot.texts import Texts
from tests.puppet import PuppetPool
from tests.studio import Stage, configured, running_bot, sandbox

TEXTS = Texts()


async def ask(scene: Stage, user: types.User, what: str) -> types.Message:
    """Open the settings and press the button of a question; the message with the question."""
    asked = await scene.sandbox.say(user, "/settings")
    menu = await scene.sandbox.wait_for(user, lambda m: "✓ 1:1" in labels(m), after=asked)
    await scene.sandbox.press(user, menu, f"ask|{what}|{user.id}")
    return await scene.sandbox.wait_for(user, lambda m: "/cancel" in (m.text or ""), after=asked)


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_what_pictures_should_not_show_is_asked_remembered_and_cleared(
    scene: Stage, pool: PuppetPool, language: str
) -> None:
    t, user = TEXTS.translator(language), scene.ann if language == "en" else await scene.boris()
    question = await ask(scene, user, "negative_prompt")
    said = await scene.sandbox.say(user, "text <b>, watermark")
    told = await scene.sandbox.wait_for(user, lambda m: "text <b>, watermark" in (m.text or ""), after=said)
    assert told.text == t.plain("negative-saved", words="text <b>, watermark").replace("<b>", "", 1).removesuffix(
        "</b>"
    )
    menu = await scene.sandbox.wait_for(
        user, lambda m: t.plain("button-negative-set") in labels(m), after=question.message_id - 1
    )
    assert menu.message_id == question.message_id

    await scene.sandbox.say(user, "a fox")
    painting = await pool.next()
    assert painting.task.negative_prompt == "text <b>, watermark"
    assert painting.task.prompt == "a fox"

    await ask(scene, user, "negative_prompt")
    said = await scene.sandbox.say(user, "None" if language == "en" else "нет")
    await scene.sandbox.wait_for(user, lambda m: m.text == t.plain("negative-cleared"), after=said)


async def test_a_seed_is_asked_checked_and_used(scene: Stage, pool: PuppetPool) -> None:
    await ask(scene, scene.ann, "seed")
    for nonsense in ("seven", "-1", "4294967296", "٣"):
        said = await scene.sandbox.say(scene.ann, nonsense)
        await scene.sandbox.wait_for(scene.ann, lambda m: "no seed" in (m.text or ""), after=said)
    said = await scene.sandbox.say(scene.ann, "4294967295")
    await scene.sandbox.wait_for(scene.ann, lambda m: "4294967295" in (m.text or ""), after=said)
    await scene.sandbox.say(scene.ann, "a fox")
    first = await pool.next()
    assert first.task.seed == 4294967295
    first.finish()
    await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=said)
    await ask(scene, scene.ann, "seed")
    said = await scene.sandbox.say(scene.ann, "random")
    await scene.sandbox.wait_for(scene.ann, lambda m: "seed of its own" in (m.text or ""), after=said)


async def test_the_seed_of_the_last_picture_is_taken_by_a_button(scene: Stage, pool: PuppetPool) -> None:
    question = await ask(scene, scene.ann, "seed")
    assert not any("last picture" in label for label in labels(question))
    pressed = await scene.sandbox.press(scene.ann, question, f"seed|last|{scene.ann.id}")
    assert "no picture of yours" in ((await scene.sandbox.wait_for_answer(pressed)).text or "")
    asked = await scene.sandbox.say(scene.ann, "a fox --seed 31337")
    (await pool.next()).finish()
    await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)
    question = await ask(scene, scene.ann, "seed")
    await scene.sandbox.press(scene.ann, question, "last picture")
    await scene.sandbox.wait_for(scene.ann, lambda m: "🎲 Seed: 31337" in labels(m), after=asked)
    await scene.sandbox.say(scene.ann, "a hare")
    assert (await pool.next()).task.seed == 31337


async def test_cancel_leaves_the_question_first_and_stops_pictures_only_then(scene: Stage, pool: PuppetPool) -> None:
    await scene.sandbox.say(scene.ann, "a fox")
    painting = await pool.next()
    await ask(scene, scene.ann, "negative_prompt")
    asked = await scene.sandbox.say(scene.ann, "/cancel")
    await scene.sandbox.wait_for(scene.ann, lambda m: "stays as it is" in (m.text or ""), after=asked)
    assert not painting.cancelled
    asked = await scene.sandbox.say(scene.ann, "/cancel")
    await scene.sandbox.wait_for(scene.ann, lambda m: "Stopped 1 picture" in (m.text or ""), after=asked)


@pytest.mark.parametrize("turn", ["/help", "button"])
async def test_who_turns_to_something_else_has_left_the_question(scene: Stage, pool: PuppetPool, turn: str) -> None:
    question = await ask(scene, scene.ann, "negative_prompt")
    if turn == "button":
        await scene.sandbox.press(scene.ann, question, "Back")
        await scene.sandbox.wait_for(scene.ann, lambda m: "✓ 1:1" in labels(m), after=question.message_id - 1)
    else:
        asked = await scene.sandbox.say(scene.ann, turn)
        await scene.sandbox.wait_for(scene.ann, lambda m: m.text, after=asked)
    await scene.sandbox.say(scene.ann, "a fox")
    assert (await pool.next()).task.prompt == "a fox"


async def test_words_too_long_to_leave_out_are_refused_and_the_question_stays(scene: Stage) -> None:
    await ask(scene, scene.ann, "negative_prompt")
    asked = await scene.sandbox.say(scene.ann, "я" * 1001)
    await scene.sandbox.wait_for(scene.ann, lambda m: "1,001" in (m.text or ""), after=asked)
    asked = await scene.sandbox.say(scene.ann, "blur")
    await scene.sandbox.wait_for(scene.ann, lambda m: "without: blur" in (m.text or ""), after=asked)


async def test_a_question_survives_a_restart_and_is_forgotten_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sandbox(tmp_path) as scene:
        config = configured(scene.url, tmp_path / "bot")
        async with running_bot(config, PuppetPool()):
            await ask(scene, scene.ann, "negative_prompt")
        pool = PuppetPool()
        async with running_bot(config, pool):
            asked = await scene.sandbox.say(scene.ann, "blur")
            await scene.sandbox.wait_for(scene.ann, lambda m: "without: blur" in (m.text or ""), after=asked)
            await ask(scene, scene.ann, "negative_prompt")
            later = datetime.now(UTC) + timedelta(minutes=16)
            monkeypatch.setattr(clock, "utc_now", lambda: later)
            await scene.sandbox.say(scene.ann, "a fox")
            assert (await pool.next()).task.prompt == "a fox"
