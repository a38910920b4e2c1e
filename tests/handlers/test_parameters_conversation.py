"""Parameters in the text: understood, explained, or refused with the nearest good value."""

from __future__ import annotations

import pytest

from bot.sandbox.client import buttons
from engines import tasks
from tests.puppet import PuppetPool
from tests.studio import Stage


async def test_parameters_count_for_their_message_only(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(
        scene.ann, "a fox --ar 16:9 --style outline --seed 7 --n 2 --model flash --refine off --no text, blur"
    )
    painting = await pool.next()
    assert painting.task == tasks.TextToImage(
        prompt="a fox",
        negative_prompt="text, blur",
        model=tasks.Model.KANDINSKY_3_FLASH,
        aspect_ratio=tasks.AspectRatio.LANDSCAPE_16_9,
        style="outline",
        seed=7,
        count=2,
    )
    painting.finish()
    await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)
    await scene.sandbox.say(scene.ann, "a hare")
    usual = await pool.next()
    assert (usual.task.aspect_ratio, usual.task.count, usual.task.style) == (tasks.AspectRatio.SQUARE, 1, "")


async def test_what_is_understood_anyway_is_painted_and_explained(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "a fox —ar16:9")
    assert (await pool.next()).task.aspect_ratio is tasks.AspectRatio.LANDSCAPE_16_9
    told = await scene.sandbox.wait_for(scene.ann, lambda m: "--ar 16:9" in (m.text or ""), after=asked)
    assert told.reply_to_message is not None
    assert told.reply_to_message.message_id == asked.message_id


@pytest.mark.parametrize(
    ("said", "nearest", "put_right"),
    [
        ("a fox --ar 16:10 --seed 7", "--ar 3:2", "a fox --seed 7 --ar 3:2"),
        ("a fox --n 9", "--n 4", "a fox --n 4"),
        ("a fox --style mosiac", "--style mosaic", "a fox --style mosaic"),
        ("a fox --model flsh --no text", "--model flash", "a fox --model flash --no text"),
    ],
)
async def test_a_bad_value_paints_nothing_and_gives_the_nearest_good_one_to_copy(
    scene: Stage, pool: PuppetPool, said: str, nearest: str, put_right: str
) -> None:
    asked = await scene.sandbox.say(scene.ann, said)
    told = await scene.sandbox.wait_for(scene.ann, lambda m: nearest in (m.text or ""), after=asked)
    assert told.reply_to_message is not None
    assert told.reply_to_message.text == said
    assert [button.copy_text.text for button in buttons(told) if button.copy_text] == [put_right]
    assert pool.started.empty()
    await scene.sandbox.say(scene.ann, put_right)
    assert (await pool.next()).task.prompt == "a fox"


async def test_parameters_without_words_are_no_prompt(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "--ar 16:9")
    await scene.sandbox.wait_for(scene.ann, lambda m: "words to paint from" in (m.text or ""), after=asked)
    assert pool.started.empty()


async def test_what_flash_does_not_hear_is_said(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "a fox --model flash --no text")
    await pool.next()
    await scene.sandbox.wait_for(scene.ann, lambda m: "flash does not listen to --no" in (m.text or ""), after=asked)


async def test_hints_are_russian_for_who_speaks_it(scene: Stage) -> None:
    boris = await scene.boris()
    asked = await scene.sandbox.say(boris, "лиса --ar 16:10")
    await scene.sandbox.wait_for(boris, lambda m: "Попробуйте --ar 3:2" in (m.text or ""), after=asked)
