"""Kandinsky 2.2 in the chat: offered where its weights are, and kindly gone where they are not."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox.client import labels
from engines import tasks
from tests.puppet import PuppetPool
from tests.studio import configured, running_bot, sandbox

OLDER = tasks.Model.KANDINSKY_22


def weights(folder: Path) -> Path:
    """A directory in which the files that tell of Kandinsky 2.2 are there; nothing opens them."""
    for name in ("kandinsky22_prior/prior", "kandinsky22_decoder/unet"):
        (folder / name).mkdir(parents=True)
        (folder / name / "config.json").write_text("{}")
    return folder


async def test_kandinsky_22_is_chosen_compared_and_named_where_it_is_installed(tmp_path: Path) -> None:
    pool, folder = PuppetPool(), weights(tmp_path / "weights")
    async with sandbox(tmp_path) as scene:
        config = configured(scene.url, tmp_path / "bot", engines__weights_dir=folder)
        async with running_bot(config, pool):
            asked = await scene.sandbox.say(scene.ann, "a fox")
            first = await pool.next()
            first.finish()
            picture = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)
            await scene.sandbox.press(scene.ann, picture, "🎨 With 2.2")
            compared = await pool.next()
            assert compared.task == first.task.model_copy(update={"model": OLDER})
            compared.finish()

            asked = await scene.sandbox.say(scene.ann, "/settings")
            menu = await scene.sandbox.wait_for(scene.ann, lambda m: "Kandinsky 2.2" in labels(m), after=asked)
            await scene.sandbox.press(scene.ann, menu, "Kandinsky 2.2")
            await scene.sandbox.wait_for(scene.ann, lambda m: "✓ Kandinsky 2.2" in labels(m), after=asked)
            await scene.sandbox.say(scene.ann, "a cat")
            assert (await pool.next()).task.model is OLDER

        left = PuppetPool()
        config = configured(scene.url, tmp_path / "bot", engines__weights_dir=tmp_path / "nothing")
        async with running_bot(config, left):
            accepted = await left.next()
            assert accepted.task.model is OLDER  # what was accepted is tried
            accepted.finish()
            await scene.sandbox.say(scene.ann, "a hen")
            assert (await left.next()).task.model is tasks.Model.KANDINSKY_3
            pressed = await scene.sandbox.press(scene.ann, menu, f"model|{OLDER}|{scene.ann.id}")
            assert (await scene.sandbox.wait_for_answer(pressed)).show_alert
            await scene.sandbox.say(scene.ann, "/settings")
            menu = await scene.sandbox.wait_for(scene.ann, lambda m: "✓ 1:1" in labels(m), after=menu)
            assert "Kandinsky 2.2" not in labels(menu)
