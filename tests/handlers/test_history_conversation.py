"""/history, /quota and /forget."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox.client import labels
from bot.texts import Texts
from tests import puppet
from tests.puppet import PuppetPool
from tests.studio import Stage, stage

TEXTS = Texts()


async def paint(scene: Stage, *prompts: str) -> None:
    """Pictures of Ann's, one after the other; the pool paints at once."""
    for prompt in prompts:
        asked = await scene.sandbox.say(scene.ann, prompt)
        await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)


async def test_pictures_are_listed_by_pages_and_opened_in_place(tmp_path: Path) -> None:
    async with stage(tmp_path, PuppetPool(at_once=True)) as scene:
        await paint(scene, *(f"fox {number}" for number in range(1, 7)))
        asked = await scene.sandbox.say(scene.ann, "/history")
        newest = await scene.sandbox.wait_for(scene.ann, lambda m: "fox 6" in (m.text or ""), after=asked)
        assert "fox 1" not in (newest.text or "")
        assert labels(newest)[:6] == ["1", "2", "3", "4", "5", "Older ›"]
        await scene.sandbox.press(scene.ann, newest, "Older")
        oldest = await scene.sandbox.wait_for(scene.ann, lambda m: "fox 1" in (m.text or ""), after=asked)
        assert labels(oldest)[:2] == ["6", "‹ Newer"]
        await scene.sandbox.press(scene.ann, oldest, "6")
        card = await scene.sandbox.wait_for(scene.ann, lambda m: "“fox 1”" in (m.text or ""), after=asked)
        assert card.message_id == newest.message_id

        await scene.sandbox.press(scene.ann, card, "As file")
        file = await scene.sandbox.wait_for(scene.ann, lambda m: m.document, after=card)
        assert file.document is not None
        assert await scene.sandbox.download(file.document.file_id) == puppet.png()
        await scene.sandbox.press(scene.ann, card, "Show")
        shown = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=file)
        assert "fox 1" in (shown.caption or "")
        assert "Again" in " ".join(labels(shown))
        await scene.sandbox.press(scene.ann, card, "Again")
        await scene.sandbox.wait_for(scene.ann, lambda m: m.photo and "fox 1" in (m.caption or ""), after=shown)

        await scene.sandbox.press(scene.ann, card, "🤍")
        kept = await scene.sandbox.wait_for(scene.ann, lambda m: "❤️" in labels(m), after=asked)
        await scene.sandbox.press(scene.ann, kept, "Back")
        page = await scene.sandbox.wait_for(scene.ann, lambda m: "Favourites" in " ".join(labels(m)), after=asked)
        await scene.sandbox.press(scene.ann, page, "Favourites")
        favourites = await scene.sandbox.wait_for(scene.ann, lambda m: "Your favourites" in (m.text or ""), after=asked)
        assert "fox 1" in (favourites.text or "")
        assert "fox 2" not in (favourites.text or "")


@pytest.mark.parametrize("data", ["hist|{me}|-5|0", "hist|{me}|999999999|1", "card|999|0|0", "show|999", "info|0"])
async def test_forged_pages_and_cards_are_answered(scene: Stage, data: str) -> None:
    asked = await scene.sandbox.say(scene.ann, "/history")
    empty = await scene.sandbox.wait_for(scene.ann, lambda m: "no pictures of yours" in (m.text or ""), after=asked)
    pressed = await scene.sandbox.press(scene.ann, empty, data.format(me=scene.ann.id))
    await scene.sandbox.wait_for_answer(pressed)


async def test_credits_are_told_and_shrink_with_every_picture(tmp_path: Path) -> None:
    async with stage(tmp_path, PuppetPool(at_once=True), queue__daily_credits=20) as scene:
        boris = await scene.boris()
        asked = await scene.sandbox.say(boris, "/quota")
        await scene.sandbox.wait_for(boris, lambda m: "осталось 20 из 20" in (m.text or ""), after=asked)
        await paint(scene, "a fox --model flash", "a hare")
        asked = await scene.sandbox.say(scene.ann, "/quota")
        told = await scene.sandbox.wait_for(scene.ann, lambda m: "12 of 20 left" in (m.text or ""), after=asked)
        assert "at 00:00 UTC" in (told.text or "")
        assert "costs 7 credits for 1 picture" in (told.text or "")


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_forgetting_asks_first_and_then_leaves_nothing(tmp_path: Path, language: str) -> None:
    pool = PuppetPool()
    async with stage(tmp_path, pool) as scene:
        t, user = TEXTS.translator(language), scene.ann if language == "en" else await scene.boris()
        asked = await scene.sandbox.say(user, "a secret fox --seed 5")
        (await pool.next()).finish()
        picture = await scene.sandbox.wait_for(user, lambda m: m.photo, after=asked)
        await scene.sandbox.say(user, "another secret fox")
        running = await pool.next()

        asked = await scene.sandbox.say(user, "/forget")
        question = await scene.sandbox.wait_for(user, lambda m: t.plain("button-keep") in labels(m), after=asked)
        await scene.sandbox.press(user, question, t.plain("button-keep"))
        await scene.sandbox.wait_for(user, lambda m: m.text == t.plain("forget-kept"), after=asked)
        assert not running.cancelled

        await scene.sandbox.press(user, question, f"forget|1|{user.id}")
        await scene.sandbox.wait_for(user, lambda m: m.text == t.plain("forget-done", pictures=1), after=asked)
        assert running.cancelled
        asked = await scene.sandbox.say(user, "/history")
        await scene.sandbox.wait_for(user, lambda m: m.text == t.plain("history-empty"), after=asked)
        for button in ("button-again", "button-file", "button-details"):
            pressed = await scene.sandbox.press(user, picture, t.plain(button))
            answer = await scene.sandbox.wait_for_answer(pressed)
            assert answer.show_alert
            assert answer.text
        assert pool.started.empty()
        media = [path for path in (scene.data_dir / "bot" / "media").rglob("*") if path.is_file()]
        assert media == []
