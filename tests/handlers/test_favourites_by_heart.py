"""A heart on a result keeps it as a favourite."""

from __future__ import annotations

import asyncio
from typing import Final

from aiogram import types

from bot.database.engine import Database
from bot.database.history import History
from tests.puppet import PuppetPool
from tests.studio import Stage, configured

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
