"""A sandbox on a free port, a user side client, and an aiogram bot that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import Bot, types

from bot.sandbox import server
from bot.sandbox.client import SandboxClient
from tests.bot.sandbox.sandbox_kit import TOKEN, Clock, connect


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sandbox(tmp_path: Path, clock: Clock) -> AsyncIterator[server.RunningSandbox]:
    async with await server.start(tmp_path / "sandbox", clock=clock) as running:
        yield running


@pytest.fixture
async def people(sandbox: server.RunningSandbox) -> AsyncIterator[SandboxClient]:
    async with SandboxClient(sandbox.url) as client:
        yield client


@pytest.fixture
async def bot(sandbox: server.RunningSandbox) -> AsyncIterator[Bot]:
    connected = connect(sandbox.url, TOKEN)
    yield connected
    await connected.session.close()


@pytest.fixture
async def ann(people: SandboxClient) -> types.User:
    return await people.create_user("Ann", username="ann", language_code="en")
