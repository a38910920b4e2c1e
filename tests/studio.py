"""A running bot for conversation tests: the real sandbox over HTTP, the real bot, real SQLite; a pool of choice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiogram import types

from bot import app, settings
from bot.pools import TaskPool
from bot.sandbox import server
from bot.sandbox.client import SandboxClient

_START_S: Final = 90.0  # for a machine that is busy with other things; an idle one needs half a second
TOKEN: Final = "4200000001:a-token-that-only-the-sandbox-knows-0"


@dataclass(slots=True)
class Stage:
    """A sandbox with a bot in it, and Ann, who speaks English."""

    sandbox: SandboxClient
    url: str
    ann: types.User
    data_dir: Path

    async def boris(self) -> types.User:
        """Somebody whose Telegram speaks Russian."""
        return await self.sandbox.create_user("Борис", language_code="ru")

    async def delete(self, message: types.Message) -> None:
        """Take one of the bot's messages out of the chat, as its reader may."""
        body = {"chat_id": message.chat.id, "message_id": message.message_id}
        async with self.sandbox.http.post(f"/bot{TOKEN}/deleteMessage", json=body) as response:
            assert response.status == 200


def configured(url: str, data_dir: Path, **overrides: object) -> settings.Settings:
    """The settings of a bot against a sandbox; keys of `overrides` use "__" for the dot."""
    chosen = {
        "telegram.api_server": url,
        "telegram.admins": (1000,),
        "storage.data_dir": data_dir,
        "engines.profile": "mini",
        **{name.replace("__", "."): value for name, value in overrides.items()},
    }
    return settings.load(None, chosen, token=TOKEN)


@contextlib.asynccontextmanager
async def running_bot(config: settings.Settings, pool: TaskPool | None = None) -> AsyncIterator[None]:
    """The bot, polling, until the block ends; then stopped as by SIGTERM."""
    ready = asyncio.Event()
    serving = asyncio.create_task(app.serve(config, on_ready=ready.set, pool=pool))
    waiting = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=_START_S)
        if serving.done():
            serving.result()
        assert ready.is_set(), f"the bot did not start to poll within {_START_S} s"
        yield
    finally:
        waiting.cancel()
        serving.cancel()
        await asyncio.gather(serving, waiting, return_exceptions=True)


@contextlib.asynccontextmanager
async def sandbox(data_dir: Path) -> AsyncIterator[Stage]:
    """A sandbox with Ann, without a bot."""
    async with await server.start(data_dir / "sandbox") as running, SandboxClient(running.url) as client:
        ann = await client.create_user("Ann", language_code="en")
        yield Stage(client, running.url, ann, data_dir)


@contextlib.asynccontextmanager
async def stage(data_dir: Path, pool: TaskPool | None = None, **overrides: object) -> AsyncIterator[Stage]:
    """A sandbox with Ann and a running bot."""
    async with sandbox(data_dir) as scene, running_bot(configured(scene.url, data_dir / "bot", **overrides), pool):
        yield scene
