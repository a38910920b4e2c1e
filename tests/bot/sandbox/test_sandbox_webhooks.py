from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot, types
from aiogram.exceptions import TelegramBadRequest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.sandbox import server
from bot.sandbox.client import SandboxClient
from tests.bot.fake_telegram import PATIENCE_S
from tests.bot.sandbox.sandbox_kit import TOKEN, connect


@dataclass
class Hook:
    """A bot's web server: it keeps what arrives and answers as the test wants."""

    url: str = ""
    arrived: asyncio.Queue[tuple[str | None, dict[str, Any]]] = field(default_factory=asyncio.Queue)
    statuses: list[int] = field(default_factory=list)
    answer: dict[str, Any] | None = None

    async def take(self, request: web.Request) -> web.Response:
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        self.arrived.put_nowait((secret, await request.json()))
        status = self.statuses.pop(0) if self.statuses else 200
        return web.json_response(self.answer, status=status)

    async def next(self) -> tuple[str | None, dict[str, Any]]:
        return await asyncio.wait_for(self.arrived.get(), PATIENCE_S)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hook", hook.take)
    async with TestServer(app) as running:
        hook.url = str(running.make_url("/hook"))
        yield hook


async def test_updates_arrive_with_the_secret(bot: Bot, people: SandboxClient, ann: types.User, hook: Hook) -> None:
    await people.say(ann, "before")
    await bot.set_webhook(hook.url, secret_token="open-sesame")
    await people.say(ann, "after")
    arrived = [await hook.next(), await hook.next()]
    assert [secret for secret, _ in arrived] == ["open-sesame", "open-sesame"]
    assert sorted(update["message"]["text"] for _, update in arrived) == ["after", "before"]


async def test_an_update_comes_again_until_the_bot_takes_it(
    bot: Bot, people: SandboxClient, ann: types.User, hook: Hook
) -> None:
    hook.statuses = [500]
    await bot.set_webhook(hook.url)
    await people.say(ann, "hello")
    first, second = await hook.next(), await hook.next()
    assert first == second
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 500"


async def test_a_method_in_the_answer_is_called(bot: Bot, people: SandboxClient, ann: types.User, hook: Hook) -> None:
    hook.answer = {"method": "sendMessage", "chat_id": ann.id, "text": "by return of post"}
    await bot.set_webhook(hook.url)
    said = await people.say(ann, "hello")
    answer = await people.wait_for(ann, lambda message: message.text == "by return of post", after=said)
    assert answer.from_user is not None
    assert answer.from_user.is_bot
    assert [call.status for call in await people.calls("sendMessage")] == [200]


async def test_pending_updates_can_be_dropped(bot: Bot, people: SandboxClient, ann: types.User, hook: Hook) -> None:
    await bot.get_me()
    await people.say(ann, "stale")
    await bot.set_webhook(hook.url, drop_pending_updates=True)
    await people.say(ann, "fresh")
    assert (await hook.next())[1]["message"]["text"] == "fresh"


async def test_a_webhook_goes_on_after_a_restart(tmp_path: Path, hook: Hook) -> None:
    async with await server.start(tmp_path) as before:
        bot = connect(before.url, TOKEN)
        await bot.set_webhook(hook.url, secret_token="kept")
        await bot.session.close()
    async with await server.start(tmp_path) as after, SandboxClient(after.url) as people:
        await people.say(await people.create_user("Ann"), "still there?")
        secret, update = await hook.next()
    assert secret == "kept"
    assert update["message"]["text"] == "still there?"


@pytest.mark.parametrize(
    ("url", "secret", "refusal"),
    [
        ("ftp://a.example", None, "bad webhook: invalid webhook URL specified"),
        ("https://a.example", "no spaces", "secret token contains unallowed characters"),
    ],
)
async def test_bad_webhooks_are_refused(bot: Bot, url: str, secret: str | None, refusal: str) -> None:
    with pytest.raises(TelegramBadRequest, match=refusal):
        await bot.set_webhook(url, secret_token=secret)
    assert (await bot.get_webhook_info()).url == ""
