"""Empty, over-long, non-text and forged input get a kind answer and never a job."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import puppet
from tests.puppet import PuppetPool
from tests.studio import Stage, stage


async def test_a_prompt_of_1000_characters_is_painted_and_one_more_is_refused(scene: Stage, pool: PuppetPool) -> None:
    await scene.sandbox.say(scene.ann, "я" * 1000)
    painting = await pool.next()
    assert len(painting.task.prompt) == 1000
    painting.finish()
    picture = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo)
    assert len(picture.caption or "") <= 1024
    asked = await scene.sandbox.say(scene.ann, "я" * 1001)
    refused = await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "1,001" in m.text, after=asked)
    assert "1,000" in (refused.text or "")
    assert pool.started.empty()


async def test_a_prompt_with_markup_is_shown_as_written(scene: Stage, pool: PuppetPool) -> None:
    await scene.sandbox.say(scene.ann, "<b>a & b</b> 🎨 “quoted”")
    (await pool.next()).finish()
    picture = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo)
    assert "<b>a & b</b> 🎨 “quoted”" in (picture.caption or "")


async def test_a_photo_and_a_file_are_answered_kindly(scene: Stage) -> None:
    photo = await scene.sandbox.send_photo(scene.ann, puppet.png(), caption="make it blue")
    await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "photos" in m.text, after=photo)
    file = await scene.sandbox.send_document(scene.ann, puppet.png())
    await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "files" in m.text, after=file)


async def test_an_unknown_command_is_not_painted(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "/paintmesomething")
    await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "do not know that command" in m.text, after=asked)
    assert pool.started.empty()


@pytest.mark.parametrize(
    "data", ["again|999999", "again|", "again|abc", "file|1|99", "x|-1", "ex|4", "model|gpt|1", "nonsense", "💥" * 16]
)
async def test_forged_callback_data_is_answered_and_starts_nothing(scene: Stage, pool: PuppetPool, data: str) -> None:
    await scene.sandbox.say(scene.ann, "/start")
    hello = await scene.sandbox.wait_for(scene.ann, lambda m: m.text)
    pressed = await scene.sandbox.press(scene.ann, hello, data)
    answer = await scene.sandbox.wait_for_answer(pressed)
    assert answer.text
    assert pool.started.empty()


async def test_a_full_line_is_explained(tmp_path: Path) -> None:
    pool = PuppetPool()
    async with stage(tmp_path, pool, queue__max_queued_per_user=2) as scene:
        await scene.sandbox.say(scene.ann, "one")
        await pool.next()
        await scene.sandbox.say(scene.ann, "two")
        await scene.sandbox.say(scene.ann, "three")
        asked = await scene.sandbox.say(scene.ann, "four")
        await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "2 pictures in line" in m.text, after=asked)


async def test_spent_credits_are_explained_with_the_time_until_new_ones(tmp_path: Path) -> None:
    pool = PuppetPool(at_once=True)
    async with stage(tmp_path, pool, queue__daily_credits=7) as scene:
        await scene.sandbox.say(scene.ann, "one")
        await scene.sandbox.wait_for(scene.ann, lambda m: m.photo)
        asked = await scene.sandbox.say(scene.ann, "two")
        refused = await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "costs 7 credits" in m.text, after=asked)
        assert "Flash" in (refused.text or "")


async def test_a_user_who_blocks_the_bot_leaves_no_stuck_job(scene: Stage, pool: PuppetPool) -> None:
    await scene.sandbox.say(scene.ann, "one")
    painting = await pool.next()
    await scene.sandbox.block(scene.ann)
    painting.finish()
    await scene.sandbox.say(await scene.boris(), "два")
    (await pool.next()).finish()
