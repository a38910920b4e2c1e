"""The menu: every screen in the place of the one before, in both languages."""

from __future__ import annotations

import pytest
from aiogram import types

from bot.sandbox.client import labels
from bot.texts import Texts
from tests.puppet import PuppetPool
from tests.studio import Stage

TEXTS = Texts()
LANGUAGES = pytest.mark.parametrize("language", ["en", "ru"])


async def speaker(scene: Stage, language: str) -> types.User:
    return scene.ann if language == "en" else await scene.boris()


@LANGUAGES
async def test_every_screen_opens_in_place_and_leads_back(scene: Stage, language: str) -> None:
    t, user = TEXTS.translator(language), await speaker(scene, language)
    asked = await scene.sandbox.say(user, "/start")
    shown = await scene.sandbox.wait_for(user, lambda m: t.plain("button-menu") in labels(m), after=asked)
    await scene.sandbox.press(user, shown, t.plain("button-menu"))
    home_id = shown.message_id
    for place, words in [
        ("settings", "settings-models"),
        ("history", "history-empty"),
        ("queue", "queue-empty"),
        ("language", "language"),
        ("help", "parameters-title"),
    ]:
        home = await scene.sandbox.wait_for(user, lambda m: t.plain("button-examples") in labels(m), after=asked)
        await scene.sandbox.press(user, home, t.plain(f"button-{place}"))
        said = t.plain(words).removeprefix("<b>").removesuffix("</b>")
        there = await scene.sandbox.wait_for(user, lambda m, said=said: said in (m.text or ""), after=asked)
        assert there.message_id == home_id
        back = t.plain("button-back" if place == "queue" else "button-menu")
        await scene.sandbox.press(user, there, back)
    home = await scene.sandbox.wait_for(user, lambda m: t.plain("button-examples") in labels(m), after=asked)
    await scene.sandbox.press(user, home, t.plain("button-quota"))
    credits = await scene.sandbox.wait_for(user, lambda m: "700" in (m.text or ""), after=asked)
    await scene.sandbox.press(user, credits, t.plain("button-menu"))
    home = await scene.sandbox.wait_for(user, lambda m: t.plain("button-examples") in labels(m), after=asked)
    await scene.sandbox.press(user, home, t.plain("button-examples"))
    hello = await scene.sandbox.wait_for(user, lambda m: user.first_name in (m.text or ""), after=asked)
    assert len(labels(hello)) == 4
    assert [m.message_id for m in await scene.sandbox.messages(user, asked.message_id)] == [home_id]


async def test_a_menu_of_somebody_else_stays_as_it_is(scene: Stage) -> None:
    asked = await scene.sandbox.say(scene.ann, "/menu")
    home = await scene.sandbox.wait_for(scene.ann, lambda m: m.text, after=asked)
    boris = await scene.boris()
    theirs = await scene.sandbox.say(boris, "/menu")
    their_home = await scene.sandbox.wait_for(boris, lambda m: m.text, after=theirs)
    for data in (f"menu|settings|{scene.ann.id}", f"hist|{scene.ann.id}|0|0", f"lang|ru|{scene.ann.id}"):
        pressed = await scene.sandbox.press(boris, their_home, data)
        answer = await scene.sandbox.wait_for_answer(pressed)
        assert answer.show_alert
        assert answer.text == "Это чужая кнопка"
    (same,) = await scene.sandbox.messages(scene.ann, asked.message_id)
    assert same.text == home.text


async def test_the_language_changes_at_once_and_for_good(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "/language")
    choice = await scene.sandbox.wait_for(scene.ann, lambda m: "✓ English" in labels(m), after=asked)
    await scene.sandbox.press(scene.ann, choice, "Русский")
    changed = await scene.sandbox.wait_for(scene.ann, lambda m: "✓ Русский" in labels(m), after=asked)
    assert changed.message_id == choice.message_id
    assert "каком языке" in (changed.text or "")
    asked = await scene.sandbox.say(scene.ann, "a red circle")
    (await pool.next()).step(1)
    await scene.sandbox.wait_for(scene.ann, lambda m: "шаг 1 из 50" in (m.text or "").lower(), after=asked)
    pressed = await scene.sandbox.press(scene.ann, choice, f"lang|xx|{scene.ann.id}")
    assert (await scene.sandbox.wait_for_answer(pressed)).show_alert


async def test_help_explains_every_parameter_and_command(scene: Stage) -> None:
    asked = await scene.sandbox.say(scene.ann, "/help")
    told = await scene.sandbox.wait_for(scene.ann, lambda m: m.text, after=asked)
    for word in ("--ar", "--style", "--model", "--n", "--seed", "--refine", "--no", "/history", "/quota", "/forget"):
        assert word in (told.text or "")
