"""The core conversation: start, write, watch, get the picture."""

from __future__ import annotations

from bot.sandbox.client import labels
from engines import errors, tasks
from tests import puppet
from tests.puppet import PuppetPool
from tests.studio import Stage


async def test_start_offers_three_examples_that_paint_at_once(scene: Stage, pool: PuppetPool) -> None:
    started = await scene.sandbox.say(scene.ann, "/start")
    hello = await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "Ann" in m.text, after=started)
    assert len(labels(hello)) == 4
    assert "Menu" in labels(hello)[3]

    pressed = await scene.sandbox.press(scene.ann, hello, labels(hello)[0])
    assert (await scene.sandbox.wait_for_answer(pressed)).text
    painting = await pool.next()
    assert painting.task.prompt == "a big red circle on a blue background"
    painting.finish()
    await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=hello)


async def test_plain_text_becomes_a_picture_in_place_of_the_status(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "a yellow star")
    painting = await pool.next()
    status = await scene.sandbox.wait_for(scene.ann, lambda m: m.text, after=asked)
    assert status.reply_to_message is not None
    assert status.reply_to_message.message_id == asked.message_id
    assert "Cancel" in labels(status)

    painting.step(25, 50)
    halfway = await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "step 25 of 50" in m.text, after=asked)
    assert "50 %" in (halfway.text or "")

    painting.finish()
    picture = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)
    assert picture.message_id == status.message_id
    assert "a yellow star" in (picture.caption or "")
    assert str(painting.task.seed) in (picture.caption or "")
    assert picture.photo is not None
    assert max(picture.photo[-1].width, picture.photo[-1].height) >= 512
    assert len(await scene.sandbox.messages(scene.ann, asked.message_id)) == 1


async def test_as_file_sends_the_original_without_loss(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "a yellow star")
    (await pool.next()).finish()
    picture = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)
    await scene.sandbox.press(scene.ann, picture, "As file")
    file = await scene.sandbox.wait_for(scene.ann, lambda m: m.document, after=picture)
    assert file.document is not None
    assert await scene.sandbox.download(file.document.file_id) == puppet.png()


async def test_again_paints_the_same_words_with_another_seed(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "a yellow star")
    first = await pool.next()
    first.finish()
    picture = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)
    await scene.sandbox.press(scene.ann, picture, "Again")
    second = await pool.next()
    assert second.task.prompt == first.task.prompt
    assert second.task.seed != first.task.seed
    second.finish()
    await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=picture)


async def test_a_double_press_is_one_job_and_a_later_press_a_new_one(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "a yellow star")
    (await pool.next()).finish()
    picture = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)
    await scene.sandbox.press(scene.ann, picture, "Again")
    second = await scene.sandbox.press(scene.ann, picture, "Again")
    assert (await scene.sandbox.wait_for_answer(second)).text == "Already in line"
    repeat = await pool.next()
    repeat.finish()
    again = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=picture)
    await scene.sandbox.press(scene.ann, picture, "Again")
    (await pool.next()).finish()
    await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=again)
    assert pool.painted == 3


async def test_a_failure_says_what_to_do_and_returns_the_credits(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "a yellow star")
    for _ in range(3):
        (await pool.next()).fail(errors.OutOfMemory("no room"))
    failed = await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "memory" in m.text, after=asked)
    assert "7 credits are back" in (failed.text or "")
    assert "Again" in " ".join(labels(failed))


async def test_a_task_that_no_engine_can_do_is_not_tried_again(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "a yellow star")
    (await pool.next()).fail(errors.InvalidTask("no"))
    await scene.sandbox.wait_for(scene.ann, lambda m: m.text and "credits are back" in m.text, after=asked)
    assert pool.started.empty()


async def test_russian_is_spoken_to_who_speaks_it(scene: Stage, pool: PuppetPool) -> None:
    boris = await scene.boris()
    await scene.sandbox.say(boris, "/start")
    hello = await scene.sandbox.wait_for(boris, lambda m: m.text and "Борис" in m.text)
    assert "рису" in (hello.text or "").lower()
    asked = await scene.sandbox.say(boris, "большой красный круг на синем фоне")
    painting = await pool.next()
    painting.step(1, 50, tasks.Stage.SAMPLING)
    await scene.sandbox.wait_for(boris, lambda m: m.text and "шаг 1 из 50" in m.text.lower(), after=asked)
    painting.finish()
    picture = await scene.sandbox.wait_for(boris, lambda m: m.photo, after=asked)
    assert any("файл" in label.lower() for label in labels(picture))
