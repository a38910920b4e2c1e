"""Model and aspect ratio by buttons, edited in place and remembered."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox.client import labels
from engines import tasks
from tests.puppet import PuppetPool
from tests.studio import Stage, configured, running_bot, sandbox


async def test_a_chosen_model_and_ratio_are_shown_in_place_and_used(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "/settings")
    menu = await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "Settings" in m.text, after=asked)
    assert "✓ Kandinsky 3" in labels(menu)
    await scene.sandbox.press(scene.ann, menu, "Kandinsky 3 Flash")
    chosen = await scene.sandbox.wait_for(scene.ann, lambda m: "✓ Kandinsky 3 Flash" in labels(m), after=asked)
    assert chosen.message_id == menu.message_id
    await scene.sandbox.press(scene.ann, chosen, "16:9")
    await scene.sandbox.wait_for(scene.ann, lambda m: "✓ 16:9" in labels(m), after=asked)

    await scene.sandbox.say(scene.ann, "a yellow star")
    painting = await pool.next()
    assert painting.task.model is tasks.Model.KANDINSKY_3_FLASH
    assert painting.task.aspect_ratio is tasks.AspectRatio.LANDSCAPE_16_9


async def test_pressing_the_chosen_model_again_is_no_error(scene: Stage) -> None:
    asked = await scene.sandbox.say(scene.ann, "/settings")
    menu = await scene.sandbox.wait_for(scene.ann, lambda m: "✓ 1:1" in labels(m), after=asked)
    pressed = await scene.sandbox.press(scene.ann, menu, "✓ 1:1")
    assert (await scene.sandbox.wait_for_answer(pressed)).text == "Saved"


async def test_settings_survive_a_restart_and_old_buttons_still_work(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as scene:
        config = configured(scene.url, tmp_path / "bot")
        async with running_bot(config, PuppetPool()):
            asked = await scene.sandbox.say(scene.ann, "/settings")
            menu = await scene.sandbox.wait_for(scene.ann, lambda m: "✓ 1:1" in labels(m), after=asked)
            await scene.sandbox.press(scene.ann, menu, "2:3")
            menu = await scene.sandbox.wait_for(scene.ann, lambda m: "✓ 2:3" in labels(m), after=asked)
        pool = PuppetPool()
        async with running_bot(config, pool):
            await scene.sandbox.press(scene.ann, menu, "Kandinsky 3 Flash")
            await scene.sandbox.wait_for(scene.ann, lambda m: "✓ Kandinsky 3 Flash" in labels(m), after=asked)
            await scene.sandbox.say(scene.ann, "a yellow star")
            painting = await pool.next()
            assert painting.task.aspect_ratio is tasks.AspectRatio.PORTRAIT_2_3


async def test_a_menu_obeys_only_its_owner(scene: Stage) -> None:
    boris = await scene.boris()
    await scene.sandbox.say(boris, "/start")
    theirs = await scene.sandbox.wait_for(boris, lambda m: m.text)
    pressed = await scene.sandbox.press(boris, theirs, f"ratio|16:9|{scene.ann.id}")
    answer = await scene.sandbox.wait_for_answer(pressed)
    assert answer.show_alert
    asked = await scene.sandbox.say(scene.ann, "/settings")
    await scene.sandbox.wait_for(scene.ann, lambda m: "✓ 1:1" in labels(m), after=asked)
