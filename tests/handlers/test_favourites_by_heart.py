"""A heart on a result keeps it as a favourite."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import pytest
from aiogram import types

from bot.database.engine import Database
from bot.database.history import History
from bot.sandbox.client import buttons, labels
from bot.texts import Texts
from tests.puppet import PuppetPool
from tests.studio import Stage, configured, stage

TEXTS: Final = Texts()
_SOON_S: Final = 30.0


async def painted(
    scene: Stage, pool: PuppetPool, words: str, *, chat: types.Chat | types.User | None = None
) -> types.Message:
    """A result of Ann's."""
    asked = await scene.sandbox.say(scene.ann, words, chat=chat)
    (await pool.next()).finish()
    return await scene.sandbox.wait_for(chat or scene.ann, lambda m: m.photo, after=asked)


async def until_kept(scene: Stage, prompts: list[str]) -> None:
    """Return when Ann's favourites are these; nothing in the chat tells of them."""
    database = Database(configured(scene.url, scene.data_dir / "bot").storage.url)
    try:
        async with asyncio.timeout(_SOON_S):
            while True:
                kept = await History(database).favourites(scene.ann.id, 10)
                if [job.task.prompt for job in kept] == prompts:
                    return
                await asyncio.sleep(0.05)
    finally:
        await database.close()


async def test_a_heart_keeps_a_result_and_taking_it_away_does_not(scene: Stage, pool: PuppetPool) -> None:
    star = await painted(scene, pool, "a yellow star")
    await painted(scene, pool, "a red circle")
    await scene.sandbox.react(scene.ann, star, "❤")
    await until_kept(scene, ["a yellow star"])
    await scene.sandbox.react(scene.ann, star, "🔥")  # another way to like it
    await scene.sandbox.react(scene.ann, star, "👎")
    await until_kept(scene, [])


async def test_in_a_group_the_heart_of_its_owner_counts(scene: Stage, pool: PuppetPool) -> None:
    bea = await scene.sandbox.create_user("Bea")
    group = await scene.sandbox.create_group("Painters", [scene.ann, bea])
    await scene.sandbox.place_bot(group, "administrator")
    star = await painted(scene, pool, "/imagine a yellow star", chat=group)
    circle = await painted(scene, pool, "/imagine a red circle", chat=group)
    await scene.sandbox.react(bea, circle, "❤")
    await scene.sandbox.react(scene.ann, star, "❤")
    await until_kept(scene, ["a yellow star"])


async def test_the_button_follows_the_heart_and_used_buttons_stay_used(scene: Stage, pool: PuppetPool) -> None:
    star = await painted(scene, pool, "a yellow star")
    await scene.sandbox.press(scene.ann, star, "Refine")
    await pool.next()
    await scene.sandbox.wait_for(scene.ann, lambda m: m.message_id == star.message_id and is_used(m, "Refine"))
    await scene.sandbox.react(scene.ann, star, "❤")
    kept = await scene.sandbox.wait_for(scene.ann, lambda m: m.message_id == star.message_id and "❤️" in labels(m))
    assert is_used(kept, "Refine")
    await scene.sandbox.react(scene.ann, star, None)
    await scene.sandbox.wait_for(scene.ann, lambda m: m.message_id == star.message_id and "🤍" in labels(m))


async def test_a_heart_on_the_card_of_the_list_shows_below_the_picture(scene: Stage, pool: PuppetPool) -> None:
    star = await painted(scene, pool, "a yellow star")
    asked = await scene.sandbox.say(scene.ann, "/history")
    page = await scene.sandbox.wait_for(scene.ann, lambda m: "1" in labels(m), after=asked)
    await scene.sandbox.press(scene.ann, page, "1")
    card = await scene.sandbox.wait_for(scene.ann, lambda m: "🤍" in labels(m), after=asked)
    await scene.sandbox.press(scene.ann, card, "🤍")
    await scene.sandbox.wait_for(scene.ann, lambda m: m.message_id == star.message_id and "❤️" in labels(m))


@pytest.mark.parametrize("language", TEXTS.languages)
async def test_one_favourite_too_many_is_refused_with_the_limit(tmp_path: Path, language: str) -> None:
    pool, t = PuppetPool(), TEXTS.translator(language)
    full = t.plain("toast-favourites-full", limit=1)
    async with stage(tmp_path, pool, storage__max_favourites_per_user=1) as scene:
        user = scene.ann if language == "en" else await scene.boris()
        results = []
        for words in ("a yellow star", "a red circle"):
            asked = await scene.sandbox.say(user, words)
            (await pool.next()).finish()
            results.append(await scene.sandbox.wait_for(user, lambda m: m.photo, after=asked))
        star, circle = results
        await scene.sandbox.press(user, star, "🤍")
        await scene.sandbox.wait_for(user, lambda m: m.message_id == star.message_id and "❤️" in labels(m))
        answer = await scene.sandbox.wait_for_answer(await scene.sandbox.press(user, circle, "🤍"))
        assert (answer.text, answer.show_alert) == (full, True)
        await scene.sandbox.react(user, circle, "❤")
        told = await scene.sandbox.wait_for(user, lambda m: m.text == full, after=circle)
        assert told.reply_to_message is not None
        assert told.reply_to_message.message_id == circle.message_id
        asked = await scene.sandbox.say(user, "/history")
        page = await scene.sandbox.wait_for(user, lambda m: t.plain("button-favourites") in labels(m), after=asked)
        await scene.sandbox.press(user, page, t.plain("button-favourites"))
        kept = await scene.sandbox.wait_for(user, lambda m: t.plain("button-all-pictures") in labels(m), after=asked)
        assert "yellow star" in (kept.text or "")


def is_used(message: types.Message, label: str) -> bool:
    return any(label in one.text and one.disabled is not None for one in buttons(message))
