"""Users who block the bot, and messages and buttons that are gone: a quiet log, never a stuck job."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.sandbox.client import labels
from tests.puppet import PuppetPool
from tests.studio import Stage


def database_of(data_dir: Path) -> Path:
    return data_dir / "bot" / "bot.sqlite3"


def is_blocked(data_dir: Path, user_id: int) -> bool:
    """What the bot's database knows about a user."""
    with closing(sqlite3.connect(database_of(data_dir))) as database:
        (blocked_at,) = database.execute("SELECT blocked_at FROM users WHERE id = ?", (user_id,)).fetchone()
    return blocked_at is not None


def forget_the_block(data_dir: Path) -> None:
    """Write what nobody told the bot. Never on the event loop: the bot's own transaction could not end meanwhile."""
    with closing(sqlite3.connect(database_of(data_dir), timeout=60)) as database, database:
        database.execute("UPDATE users SET blocked_at = NULL")


async def until_blocked(scene: Stage, blocked: bool) -> None:
    async with asyncio.timeout(60):
        while is_blocked(scene.data_dir, scene.ann.id) is not blocked:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_who_blocks_the_bot_is_noted_and_comes_back_by_unblocking(scene: Stage, pool: PuppetPool) -> None:
    asked = await scene.sandbox.say(scene.ann, "a red circle")
    painting = await pool.next()
    await scene.sandbox.block(scene.ann)
    await until_blocked(scene, True)
    painting.finish()
    await scene.sandbox.say(await scene.boris(), "два")
    (await pool.next()).finish()
    await scene.sandbox.block(scene.ann, blocked=False)
    await until_blocked(scene, False)
    asked = await scene.sandbox.say(scene.ann, "a blue square")
    (await pool.next()).finish()
    await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, after=asked)


async def test_an_answer_that_telegram_forbids_notes_the_block(scene: Stage) -> None:
    said = await scene.sandbox.say(scene.ann, "/start")
    hello = await scene.sandbox.wait_for(scene.ann, lambda m: m.text, after=said)
    await scene.sandbox.block(scene.ann)
    await until_blocked(scene, True)
    await asyncio.to_thread(forget_the_block, scene.data_dir)
    await scene.sandbox.press(scene.ann, hello, f"menu|open|{scene.ann.id}")
    await until_blocked(scene, True)


async def test_settings_that_were_deleted_meanwhile_are_saved_all_the_same(scene: Stage) -> None:
    asked = await scene.sandbox.say(scene.ann, "/settings")
    menu = await scene.sandbox.wait_for(scene.ann, lambda m: "✓ 1:1" in labels(m), after=asked)
    said = await scene.sandbox.say(scene.ann, "/menu")
    other = await scene.sandbox.wait_for(scene.ann, lambda m: m.text, after=said)
    await scene.sandbox.fault("400", method="editMessageText", times=1)
    pressed = await scene.sandbox.press(scene.ann, other, f"ratio|16:9|{scene.ann.id}")
    assert (await scene.sandbox.wait_for_answer(pressed)).text == "Saved"
    await scene.delete(menu)
    asked = await scene.sandbox.say(scene.ann, "/settings")
    await scene.sandbox.wait_for(scene.ann, lambda m: "✓ 16:9" in labels(m), after=asked)
