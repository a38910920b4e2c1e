"""Waiting: the place in line, the list, and cancelling at every stage."""

from __future__ import annotations

from collections.abc import Callable

from aiogram import types

from bot.sandbox.client import labels
from tests.puppet import PuppetPool
from tests.studio import Stage


def _answers(asked: types.Message, text: str) -> Callable[[types.Message], bool]:
    """A message that replies to what was asked and says this."""
    return lambda message: (
        message.reply_to_message is not None
        and message.reply_to_message.message_id == asked.message_id
        and text in (message.text or "")
    )


async def test_the_status_shows_the_place_in_line_and_moves_up(scene: Stage, pool: PuppetPool) -> None:
    await scene.sandbox.say(scene.ann, "first")
    first = await pool.next()
    second = await scene.sandbox.say(scene.ann, "second")
    third = await scene.sandbox.say(scene.ann, "third")
    await scene.sandbox.wait_for(scene.ann, _answers(second, "Next in line"))
    status = await scene.sandbox.wait_for(scene.ann, _answers(third, "2nd in line"))
    first.finish()
    (await pool.next()).step(1)
    moved = await scene.sandbox.wait_for(scene.ann, _answers(third, "Next in line"))
    assert moved.message_id == status.message_id


async def test_a_queued_job_is_cancelled_by_its_button_and_refunded(scene: Stage, pool: PuppetPool) -> None:
    await scene.sandbox.say(scene.ann, "first")
    first = await pool.next()
    asked = await scene.sandbox.say(scene.ann, "second")
    status = await scene.sandbox.wait_for(scene.ann, _answers(asked, "in line"))
    assert labels(status) == ["Cancel"]
    pressed = await scene.sandbox.press(scene.ann, status, "Cancel")
    assert (await scene.sandbox.wait_for_answer(pressed)).text == "Cancelled"
    gone = await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "7 credits are back" in m.text, after=asked)
    assert gone.message_id == status.message_id
    assert labels(gone) == []
    first.finish()
    await scene.sandbox.wait_for(scene.ann, lambda m: m.photo)
    assert pool.started.empty()


async def test_a_running_job_stops_and_is_refunded(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "first")
    painting = await pool.next()
    painting.step(10)
    status = await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "step 10" in m.text, after=asked)
    pressed = await scene.sandbox.press(scene.ann, status, "Cancel")
    assert (await scene.sandbox.wait_for_answer(pressed)).text == "Stopping…"
    await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "credits are back" in m.text, after=asked)
    assert painting.cancelled


async def test_cancel_after_the_end_says_that_it_is_too_late(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "first")
    (await pool.next()).finish()
    picture = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)
    pressed = await scene.sandbox.press(scene.ann, picture, "x|1")
    assert "Too late" in ((await scene.sandbox.wait_for_answer(pressed)).text or "")


async def test_the_list_shows_what_is_in_line_and_cancels_from_it(scene: Stage, pool: PuppetPool) -> None:
    await scene.sandbox.say(scene.ann, "a red circle")
    first = await pool.next()
    await scene.sandbox.say(scene.ann, "a blue <star>")
    asked = await scene.sandbox.say(scene.ann, "/queue")
    listed = await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "2 pictures in line" in m.text, after=asked)
    assert "a red circle: painting now" in (listed.text or "")
    assert "a blue <star>" in (listed.text or "")
    await scene.sandbox.press(scene.ann, listed, "Cancel 2")
    shorter = await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "1 picture in line" in m.text, after=asked)
    assert shorter.message_id == listed.message_id
    first.finish()


async def test_cancel_stops_everything_of_mine_and_nothing_of_others(scene: Stage, pool: PuppetPool) -> None:
    boris = await scene.boris()
    await scene.sandbox.say(boris, "чужая картина")
    others = await pool.next()
    await scene.sandbox.say(scene.ann, "first")
    await scene.sandbox.say(scene.ann, "second")
    asked = await scene.sandbox.say(scene.ann, "/cancel")
    await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "Stopped 2 pictures" in m.text, after=asked)
    others.finish()
    await scene.sandbox.wait_for(boris, lambda m: m.photo)
    again = await scene.sandbox.say(scene.ann, "/cancel")
    await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "nothing to stop" in m.text, after=again)
    empty = await scene.sandbox.say(scene.ann, "/queue")
    await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "Nothing is in line" in m.text, after=empty)
    assert pool.started.empty()


async def test_nobody_cancels_a_job_of_somebody_else(scene: Stage, pool: PuppetPool) -> None:
    await scene.sandbox.say(scene.ann, "first")
    painting = await pool.next()
    boris = await scene.boris()
    await scene.sandbox.say(boris, "/start")
    theirs = await scene.sandbox.wait_for(boris, lambda m: m.text)
    pressed = await scene.sandbox.press(boris, theirs, "x|1")
    answer = await scene.sandbox.wait_for_answer(pressed)
    assert answer.show_alert
    assert not painting.cancelled
    painting.finish()
    await scene.sandbox.wait_for(scene.ann, lambda m: m.photo)
