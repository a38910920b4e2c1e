"""The session against a real server: failures as aiohttp and aiogram really report them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import ClientDecodeError, TelegramNetworkError
from aiohttp import web

from bot import telegram_session
from bot.limiter import Limiter, Timer
from bot.telegram_session import RETRIES, OutgoingCalls

ANN = 1001
MESSAGE = {"message_id": 1, "date": 0, "chat": {"id": ANN, "type": "private"}, "text": "hello"}


class JumpingTimer:
    """A clock that jumps to each alarm at once."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def time(self) -> float:
        return self.now_s

    def call_later(self, delay: float, callback: Callable[[], object], /) -> asyncio.Handle:
        due_s = self.now_s + delay

        def jump() -> None:
            self.now_s = max(self.now_s, due_s)
            callback()

        return asyncio.get_running_loop().call_soon(jump)


class Server:
    """A Bot API server that fails as told, then answers."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.calls = 0
        self.retries = 0
        self.timer = JumpingTimer()
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        await request.read()
        self.calls += 1
        match self.failures.pop(0) if self.failures else "":
            case "429":
                body = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 7"}
                return web.json_response(body | {"parameters": {"retry_after": 7}}, status=429)
            case "500":
                body = {"ok": False, "error_code": 500, "description": "Internal Server Error"}
                return web.json_response(body, status=500)
            case "502":
                return web.Response(text="<html>502 Bad Gateway</html>", status=502, content_type="text/html")
            case "not modified":
                description = "Bad Request: message is not modified: specified new message content is the same"
                return web.json_response({"ok": False, "error_code": 400, "description": description}, status=400)
            case "reset":
                assert request.transport is not None
                request.transport.abort()
        return web.json_response({"ok": True, "result": MESSAGE})

    def bot(self, url: str | None = None) -> Bot:
        def jitter() -> float:
            self.retries += 1
            return 1.0

        session = AiohttpSession(api=TelegramAPIServer.from_base(url or self.url))
        session.middleware(OutgoingCalls(Limiter(cast(Timer, self.timer)), jitter))
        return Bot("1:token", session=session)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    served = Server()
    app = web.Application()
    app.router.add_post("/bot1:token/{method}", served.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield served
    await runner.cleanup()


async def send(bot: Bot) -> object:
    async with bot.context():
        return await bot.send_message(ANN, "hello")


async def edit(bot: Bot) -> object:
    async with bot.context():
        return await bot.edit_message_text("hello", chat_id=ANN, message_id=1)


async def test_a_real_429_is_obeyed_to_the_second(server: Server) -> None:
    server.failures = ["429"]
    await send(server.bot())
    assert server.calls == 2
    assert server.timer.now_s == 7


@pytest.mark.parametrize("failure", ["500", "502", "reset"])
async def test_an_edit_survives_a_real_failure(server: Server, failure: str) -> None:
    server.failures = [failure]
    await edit(server.bot())
    assert server.calls == 2


async def test_a_message_is_sent_again_after_a_real_500(server: Server) -> None:
    server.failures = ["500"]
    await send(server.bot())
    assert server.calls == 2


@pytest.mark.parametrize(("failure", "error"), [("reset", TelegramNetworkError), ("502", ClientDecodeError)])
async def test_a_message_is_not_sent_again_after_a_real_reset_or_502(
    server: Server, failure: str, error: type[Exception]
) -> None:
    server.failures = [failure]
    with pytest.raises(error):
        await send(server.bot())
    assert server.calls == 1


async def test_a_message_is_tried_again_while_nobody_listens(server: Server) -> None:
    with socket.socket() as bound:  # bound and not listening: the port is refused and cannot be taken by others
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(TelegramNetworkError):
            await send(server.bot(f"http://127.0.0.1:{bound.getsockname()[1]}"))
    assert server.retries == RETRIES


async def test_a_real_not_modified_is_a_success(server: Server) -> None:
    server.failures = ["not modified"]
    assert await edit(server.bot()) is True


async def test_the_session_of_the_bot_reaches_another_server_and_keeps_its_pace(server: Server) -> None:
    session = telegram_session.session(server.url)
    async with Bot("1:token", session=session).context() as bot:
        await bot.send_message(ANN, "hello")
    assert server.calls == 1
    assert type(list(session.middleware)[-1]) is OutgoingCalls  # the innermost: every attempt of the others is paced
