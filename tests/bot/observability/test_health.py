"""/metrics and /health of a running bot."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import Final

import aiohttp
import pytest
from aiogram import Bot
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.admin.reports import Reports
from bot.database.state import BotState
from bot.database.statistics import Statistics
from bot.errors import StartError
from bot.maintenance import Maintenance
from bot.observability.metrics import Metrics
from bot.observability.server import Observatory
from bot.texts import Texts
from tests.bot.fake_telegram import FakeTelegram
from tests.bot.queue.queue_world import open_world
from tests.ports import free_port
from tests.puppet import PuppetPool
from tests.studio import configured, running_bot, sandbox

PAINTER: Final = 7_300_452_119  # so long that no measured time contains it by chance


async def test_a_running_bot_tells_how_it_is(tmp_path: Path) -> None:
    port, pool = free_port(), PuppetPool()
    async with sandbox(tmp_path) as scene:
        config = configured(scene.url, tmp_path / "bot", observability__port=port)
        async with running_bot(config, pool), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            painter = await scene.sandbox.create_user("Clara", id=PAINTER)
            await scene.sandbox.say(painter, "a secret garden")
            await pool.next()
            async with client.get("/health") as response:
                assert response.status == 200
                said = await response.json()
            assert said == {
                "status": "ok", "database": True, "telegram": True, "engines": "ready", "maintenance": False
            }  # fmt: skip
            counted = 'kandinsky_update_seconds_count{type="message"} 1.0'
            text = ""
            async with asyncio.timeout(30):
                while counted not in text:  # the handler ends a moment after the job has begun
                    async with client.get("/metrics") as response:
                        assert response.content_type == "text/plain"
                        text = await response.text()
    assert "kandinsky_jobs_running 1.0" in text
    assert 'kandinsky_telegram_calls_total{method="getUpdates",outcome="ok"}' in text
    assert "secret" not in text
    assert str(PAINTER) not in text


async def test_a_taken_port_stops_the_start_with_the_setting_to_change(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = int(holder.getsockname()[1])
        async with sandbox(tmp_path) as scene:
            config = configured(scene.url, tmp_path / "bot", observability__port=port)
            with pytest.raises(StartError, match=rf"Port {port} of \[observability\]"):
                async with running_bot(config, PuppetPool()):
                    await scene.sandbox.wait_for(scene.ann, lambda m: False, timeout_s=60)


class _Now:
    s = 0.0

    def __call__(self) -> float:
        return self.s


async def test_health_is_bad_when_telegram_is_silent_or_the_database_is_gone(tmp_path: Path) -> None:
    now = _Now()
    metrics = Metrics(now)
    async with contextlib.AsyncExitStack() as stack:
        world = await stack.enter_async_context(open_world(tmp_path))
        statistics = Statistics(world.database)
        bot = Bot("42:fake", session=FakeTelegram())
        maintenance = Maintenance(BotState(world.database), statistics, world.users, bot, Texts())
        observatory = Observatory(metrics, Reports(statistics, PuppetPool()), maintenance, polls=True)
        application: web.Application = observatory.application()
        client = await stack.enter_async_context(TestClient(TestServer(application)))

        async def health() -> tuple[int, bool, bool]:
            async with client.get("/health") as response:
                said = await response.json()
                return response.status, said["telegram"], said["database"]

        assert await health() == (503, False, True)
        metrics.heard_from_telegram()
        assert await health() == (200, True, True)
        now.s += 121
        assert await health() == (503, False, True)
        metrics.heard_from_telegram()
        (tmp_path / "queue.sqlite3").write_bytes(b"no database any more" * 1000)
        await world.database.close()
        assert await health() == (503, True, False)
