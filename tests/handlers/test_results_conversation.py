"""The buttons under a result, and the album of several pictures."""

from __future__ import annotations

import pytest
from aiogram import types

from bot.sandbox.client import buttons, labels
from bot.texts import Texts
from engines import errors, tasks
from tests import puppet
from tests.puppet import Painting, PuppetPool
from tests.studio import Stage

TEXTS = Texts()


async def painted(scene: Stage, pool: PuppetPool, user: types.User, words: str) -> tuple[types.Message, Painting]:
    """A picture in the chat, and how it was painted."""
    asked = await scene.sandbox.say(user, words)
    painting = await pool.next()
    painting.finish()
    return await scene.sandbox.wait_for(user, lambda m: m.photo, after=asked), painting


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_the_same_seed_is_painted_refined_and_by_the_other_model_once(
    scene: Stage, pool: PuppetPool, language: str
) -> None:
    t, user = TEXTS.translator(language), scene.ann if language == "en" else await scene.boris()
    picture, first = await painted(scene, pool, user, "a fox")
    refine, other = t.plain("button-refine"), t.plain("button-other-model", model="Flash")
    await scene.sandbox.press(user, picture, refine)
    refined = await pool.next()
    assert refined.task == first.task.model_copy(update={"refine": True})
    used = await scene.sandbox.wait_for(
        user, lambda m: any(b.disabled for b in buttons(m)), after=picture.message_id - 1
    )
    assert [b.text for b in buttons(used) if b.disabled] == [refine]
    assert labels(used) == labels(picture)
    doubled = await scene.sandbox.press(user, picture, f"fine|{picture_job(picture)}")
    assert (await scene.sandbox.wait_for_answer(doubled)).text == t.plain("toast-already-in-line")
    refined.finish()
    second = await scene.sandbox.wait_for(user, lambda m: m.photo, after=picture)
    assert refine not in labels(second)
    late = await scene.sandbox.press(user, picture, f"fine|{picture_job(picture)}")
    assert (await scene.sandbox.wait_for_answer(late)).text == t.plain("toast-already-painted")

    await scene.sandbox.press(user, picture, other)
    flash = await pool.next()
    assert flash.task == first.task.model_copy(update={"model": tasks.Model.KANDINSKY_3_FLASH})
    flash.finish()


async def test_a_refinement_that_failed_can_be_asked_for_again(scene: Stage, pool: PuppetPool) -> None:
    picture, _ = await painted(scene, pool, scene.ann, "a fox")
    await scene.sandbox.press(scene.ann, picture, "Refine")
    (await pool.next()).fail(errors.InvalidTask("no"))
    await scene.sandbox.wait_for(scene.ann, lambda m: "credits are back" in (m.text or ""), after=picture)
    await scene.sandbox.press(scene.ann, picture, f"fine|{picture_job(picture)}")
    assert (await pool.next()).task.refine


async def test_details_say_how_to_paint_it_again(scene: Stage, pool: PuppetPool) -> None:
    picture, first = await painted(scene, pool, scene.ann, "a <fox> --seed 7 --ar 3:2 --style mosaic")
    await scene.sandbox.press(scene.ann, picture, "Details")
    told = await scene.sandbox.wait_for(scene.ann, lambda m: "How it was made" in (m.text or ""), after=picture)
    copied = [button.copy_text.text for button in buttons(told) if button.copy_text]
    assert copied[:2] == ["a <fox>", "7"]
    assert copied[2] in (told.text or "")
    await scene.sandbox.say(scene.ann, copied[2])
    assert (await pool.next()).task == first.task


async def test_the_heart_keeps_a_picture_and_lets_it_go(scene: Stage, pool: PuppetPool) -> None:
    picture, _ = await painted(scene, pool, scene.ann, "a fox")
    await scene.sandbox.press(scene.ann, picture, "🤍")
    kept = await scene.sandbox.wait_for(scene.ann, lambda m: "❤️" in labels(m), after=picture.message_id - 1)
    boris = await scene.boris()
    said = await scene.sandbox.say(boris, "/start")
    theirs = await scene.sandbox.wait_for(boris, lambda m: m.text, after=said)
    for data in ("fav", "info", "show", "fine", "again"):
        pressed = await scene.sandbox.press(boris, theirs, f"{data}|{picture_job(picture)}")
        assert (await scene.sandbox.wait_for_answer(pressed)).text == "Это чужая кнопка"
    await scene.sandbox.press(scene.ann, kept, "❤️")
    await scene.sandbox.wait_for(scene.ann, lambda m: "🤍" in labels(m), after=picture.message_id - 1)
    assert pool.started.empty()


async def test_several_pictures_come_as_an_album_with_a_file_for_each(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "a fox --n 3")
    painting = await pool.next()
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    pictures = tuple(tasks.Picture(puppet.png(colour), 128, 128, painting.task.seed) for colour in colours)
    painting.outcome.set_result(tasks.Result(pictures, 1000))
    await scene.sandbox.wait_for(scene.ann, lambda m: m.media_group_id, after=asked)
    carrier, *album = await scene.sandbox.messages(scene.ann, asked.message_id)
    assert len(album) == 3
    await scene.sandbox.press(scene.ann, carrier, "📎 2")
    file = await scene.sandbox.wait_for(scene.ann, lambda m: m.document, after=carrier)
    assert file.document is not None
    assert await scene.sandbox.download(file.document.file_id) == puppet.png(colours[1])


def picture_job(picture: types.Message) -> int:
    """The job of a result, as its buttons know it."""
    (again,) = [b.callback_data or "" for b in buttons(picture) if (b.callback_data or "").startswith("again|")]
    return int(again.removeprefix("again|"))
