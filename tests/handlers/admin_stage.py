"""A stage with an admin on it, and short words for what the admin sees."""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiogram import types

from bot.pools import TaskPool
from bot.sandbox.client import SandboxClient
from bot.texts import Argument, Texts, Translator
from tests.studio import Stage, configured, running_bot, sandbox

ADMIN_ID = 900
TEXTS = Texts()
IN_BOTH_LANGUAGES = pytest.mark.parametrize("language", TEXTS.languages)


@dataclass(slots=True)
class ControlRoom:
    """A running bot with its admin and Ann, who is somebody like everybody; `t` are the admin's texts."""

    scene: Stage
    admin: types.User
    t: Translator

    @property
    def sandbox(self) -> SandboxClient:
        """The chats."""
        return self.scene.sandbox

    @property
    def ann(self) -> types.User:
        """Somebody like everybody."""
        return self.scene.ann

    def label(self, key: str, **arguments: Argument) -> str:
        """What stands on a button of the admin's, or in a toast."""
        return self.t.plain(key, **arguments)

    def words(self, key: str, **arguments: Argument) -> str:
        """What the admin reads: a text without its markup."""
        return html.unescape(re.sub("<[^<>]+>", "", self.t(key, **arguments)))

    async def presses(self, message: types.Message, key: str, **arguments: Argument) -> str:
        """What a button answers to the admin; nothing is the empty text."""
        pressed = await self.sandbox.press(self.admin, message, self.label(key, **arguments))
        return (await self.sandbox.wait_for_answer(pressed)).text or ""

    async def ask(self, text: str, *, reply_to: types.Message | None = None) -> types.Message:
        """What the bot answers the admin, in words."""
        said = await self.sandbox.say(self.admin, text, reply_to=reply_to)
        return await self.sandbox.wait_for(self.admin, lambda m: m.text, after=said)

    async def hears(self, user: types.User, words: str, after: types.Message | int = 0) -> types.Message:
        """The message in which somebody reads some words."""
        return await self.sandbox.wait_for(user, lambda m: words in (m.text or m.caption or ""), after=after)

    async def greets(self, user: types.User) -> types.Message:
        """Somebody writes for the first time, and gets an answer."""
        said = await self.sandbox.say(user, "/start")
        return await self.sandbox.wait_for(user, lambda m: m.text, after=said)


@contextlib.asynccontextmanager
async def stage_with_admin(folder: Path, language: str = "en") -> AsyncIterator[ControlRoom]:
    """Ann and an admin who speaks a language, without a bot."""
    async with sandbox(folder) as scene:
        admin = await scene.sandbox.create_user("Root", username="root", language_code=language, id=ADMIN_ID)
        yield ControlRoom(scene, admin, TEXTS.translator(language))


def bot_of(room: ControlRoom, pool: TaskPool, **overrides: object) -> contextlib.AbstractAsyncContextManager[None]:
    """The bot that this admin runs; it may be started again on the same data."""
    overrides = {"telegram__admins": (ADMIN_ID,), **overrides}
    return running_bot(configured(room.scene.url, room.scene.data_dir / "bot", **overrides), pool)


@contextlib.asynccontextmanager
async def control_room(
    folder: Path, pool: TaskPool, language: str = "en", **overrides: object
) -> AsyncIterator[ControlRoom]:
    """The admin before a running bot."""
    async with stage_with_admin(folder, language) as room, bot_of(room, pool, **overrides):
        yield room
