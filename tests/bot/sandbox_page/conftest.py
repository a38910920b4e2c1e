"""A real sandbox in a thread of its own, a bot that the test plays over raw HTTP, and two people."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
from PIL import Image, ImageDraw
from selenium.webdriver import Chrome

from bot.sandbox import server
from tests.browser import Browser, Pane, browsing
from tests.browser import chromium as chromium
from tests.ports import free_port

T = TypeVar("T")

TOKEN = "4242:a-token-of-no-secret-used-in-tests-only"
ADMIN_ID, ANN_ID = 1000, 1001
CALL_LIMIT_S = 20.0


class Loop:
    """An event loop in a thread, so that a test can drive the browser meanwhile."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs to the end and returns the result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_LIMIT_S)

    def close(self) -> None:
        """Ends the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_LIMIT_S)
        self._loop.close()


class Sandbox:
    """A sandbox that can be stopped and started again at the same address."""

    def __init__(self, loop: Loop, data_dir: Path) -> None:
        self.loop = loop
        self._data_dir = data_dir
        self._running: server.RunningSandbox | None = None
        self.port = free_port()  # taken again after a stop
        self.start()

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it with Admin and Ann."""
        people = [server.SeedUser(ADMIN_ID, "Admin", "admin_one", "en"), server.SeedUser(ANN_ID, "Ann", "ann_ok", "en")]
        self._running = self.loop.run(server.start(self._data_dir, "127.0.0.1", self.port, seed_users=people))

    def write_many(self, user_id: int, texts: list[str]) -> None:
        """A person writes these to the bot, in this order, without the browser."""

        async def write() -> None:
            async with aiohttp.ClientSession() as http:
                for text in texts:
                    body = {"from_id": str(user_id), "text": text}
                    async with http.post(f"{self.url}/sandbox/chats/{user_id}/messages", data=body) as response:
                        assert response.status == 200

        self.loop.run(write())

    def make_group(self, title: str, *member_ids: int) -> int:
        """Makes a group with the bot in it; returns its id."""

        async def make() -> int:
            body = {"type": "supergroup", "title": title, "member_ids": list(member_ids)}
            async with aiohttp.ClientSession() as http, http.post(f"{self.url}/sandbox/chats", json=body) as response:
                return int((await response.json())["id"])

        return self.loop.run(make())

    def stop(self) -> None:
        """Stops it; the data stay."""
        if self._running is not None:
            self.loop.run(self._running.close())
        self._running = None


class PlayedBot:
    """The bot, played by the test: it hears what people do and says what the test wants."""

    def __init__(self, loop: Loop, sandbox: Sandbox) -> None:
        self._loop = loop
        self._url = f"{sandbox.url}/bot{TOKEN}"
        self._offset = 0
        self._heard: list[dict[str, Any]] = []
        self.call("getMe")

    def call(self, method: str, files: dict[str, tuple[str, bytes]] | None = None, **parameters: object) -> Any:
        """Calls a method of the Bot API; returns its result."""
        return self._loop.run(self._post(method, files or {}, parameters))

    async def _post(self, method: str, files: dict[str, tuple[str, bytes]], parameters: dict[str, object]) -> Any:
        form = aiohttp.FormData()
        for name, value in parameters.items():
            form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        for name, (file_name, data) in files.items():
            form.add_field(name, data, filename=file_name)
        async with aiohttp.ClientSession() as http, http.post(f"{self._url}/{method}", data=form) as response:
            body = await response.json()
        assert body["ok"], body
        return body["result"]

    def _next(self, kind: str) -> dict[str, Any]:
        while not any(kind in update for update in self._heard):
            updates = self.call("getUpdates", offset=self._offset, timeout=10)
            assert updates, f"no {kind} came"
            self._offset = updates[-1]["update_id"] + 1
            self._heard += updates
        found = next(update for update in self._heard if kind in update)
        self._heard.remove(found)
        result: dict[str, Any] = found[kind]
        return result

    def hears(self) -> dict[str, Any]:
        """The next message of a person."""
        return self._next("message")

    def is_pressed(self) -> dict[str, Any]:
        """The next press of a button."""
        return self._next("callback_query")

    def answers(self, query: dict[str, Any], **answer: object) -> None:
        """Answers a press."""
        self.call("answerCallbackQuery", callback_query_id=query["id"], **answer)

    def says(
        self, text: str, chat_id: int = ANN_ID, keys: list[list[dict[str, Any]]] | None = None, **more: object
    ) -> int:
        """Sends a text; returns the id of the message."""
        sent = self.call("sendMessage", chat_id=chat_id, text=text, **_markup(keys), **more)
        return int(sent["message_id"])

    def shows(
        self, picture: bytes, chat_id: int = ANN_ID, keys: list[list[dict[str, Any]]] | None = None, **more: object
    ) -> int:
        """Sends a photo; returns the id of the message."""
        sent = self.call("sendPhoto", {"photo": ("picture.png", picture)}, chat_id=chat_id, **_markup(keys), **more)
        return int(sent["message_id"])


def _markup(keys: list[list[dict[str, Any]]] | None) -> dict[str, object]:
    return {} if keys is None else {"reply_markup": {"inline_keyboard": keys}}


def key(text: str, data: str | None = None, **more: object) -> dict[str, Any]:
    """An inline button."""
    return {"text": text, **({} if data is None else {"callback_data": data}), **more}


def picture(colour: str = "firebrick", ground: str = "royalblue", width_px: int = 640, height_px: int = 640) -> bytes:
    """A circle on a ground, as PNG."""
    image = Image.new("RGB", (width_px, height_px), ground)
    radius = min(width_px, height_px) * 0.36
    x, y = width_px / 2, height_px / 2
    ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    out = io.BytesIO()
    image.save(out, format="PNG")
    return out.getvalue()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    loop = Loop()
    running = Sandbox(loop, tmp_path / "sandbox")
    yield running
    running.stop()
    loop.close()


@pytest.fixture
def bot(sandbox: Sandbox) -> PlayedBot:
    return PlayedBot(sandbox.loop, sandbox)


@pytest.fixture
def browser(sandbox: Sandbox, chromium: Chrome) -> Iterator[Browser]:
    """A fresh browser; it closes before the sandbox does."""
    with browsing(chromium) as opened:
        yield opened


@pytest.fixture
def ann(browser: Browser, sandbox: Sandbox, bot: PlayedBot) -> Pane:
    """Ann's column, alone on the page."""
    return browser.open(sandbox.url, ANN_ID).pane()
