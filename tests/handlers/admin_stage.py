"""A stage with an admin on it, and short words for what the admin sees."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from aiogram import types

from bot.pools import TaskPool
from bot.sandbox.client import SandboxClient
from tests.studio import Stage, configured, running_bot, sandbox

ADMIN_ID = 900


@dataclass(slots=True)
class ControlRoom:
    """A running bot with its admin and Ann, who is somebody like everybody."""

    scene: Stage
    admin: types.User

    @property
    def sandbox(self) -> SandboxClient:
        """The chats."""
        return self.scene.sandbox

    @property
    def ann(self) -> types.User:
        """Somebody like everybody."""
        return self.scene.ann

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
async def stage_with_admin(folder: Path) -> AsyncIterator[ControlRoom]:
    """Ann and an admin, without a bot."""
    async with sandbox(folder) as scene:
        admin = await scene.sandbox.create_user("Root", username="root", language_code="en", id=ADMIN_ID)
        yield ControlRoom(scene, admin)


def bot_of(room: ControlRoom, pool: TaskPool, **overrides: object) -> contextlib.AbstractAsyncContextManager[None]:
    """The bot that this admin runs; it may be started again on the same data."""
    overrides = {"telegram__admins": (ADMIN_ID,), **overrides}
    return running_bot(configured(room.scene.url, room.scene.data_dir / "bot", **overrides), pool)


@contextlib.asynccontextmanager
async def control_room(folder: Path, pool: TaskPool, **overrides: object) -> AsyncIterator[ControlRoom]:
    """The admin before a running bot."""
    async with stage_with_admin(folder) as room, bot_of(room, pool, **overrides):
        yield room
