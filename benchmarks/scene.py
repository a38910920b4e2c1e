"""What the benchmarks measure on: a sandbox in a process of its own, the bot in this one, people who write to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiogram import types

from bot import app, settings
from bot.pools import TaskPool, pool_for
from bot.sandbox.client import SandboxClient
from engines import tasks

ROOT: Final = Path(__file__).parent.parent
TOKEN: Final = "4200000001:sandbox-only-not-a-secret-000000000"  # well formed; the sandbox takes any
START_S: Final = 120.0  # bounds of one start, one picture and one end, on a machine that is busy with something else
PICTURE_S: Final = 300.0
STOP_S: Final = 20.0
MODEL_LABELS: Final = {
    tasks.Model.KANDINSKY_3: "Kandinsky 3",
    tasks.Model.KANDINSKY_3_FLASH: "Kandinsky 3 Flash",
}
_SEED: Final = re.compile(r"seed (\d+)")


@dataclass(frozen=True, slots=True)
class Scene:
    """A running bot: its chats, and the pool that it paints with."""

    sandbox: SandboxClient
    pool: TaskPool


@contextlib.asynccontextmanager
async def running_bot(
    folder: Path, wrapped: Callable[[TaskPool], TaskPool] = lambda pool: pool
) -> AsyncIterator[Scene]:
    """The bot, polling a sandbox of its own over HTTP; files lie in `folder`. Engine settings are the operator's.

    It paints with what `wrapped` makes of the pool of these settings.
    """
    port = free_port()
    command = ("sandbox", "--port", str(port), "--data", str(folder / "sandbox"))
    async with bot_process(*command), SandboxClient(f"http://127.0.0.1:{port}") as sandbox:
        await sandbox.wait_until_healthy(START_S)
        chosen = settings.load(
            None,
            {
                "telegram.api_server": f"http://127.0.0.1:{port}",
                "telegram.mode": "polling",
                "storage.data_dir": folder / "bot",
                "queue.daily_credits": 10**6,
            },
            token=TOKEN,
        )
        pool = wrapped(pool_for(chosen.engines))
        async with asyncio.TaskGroup() as group:  # a bot that fails ends the block
            ready = asyncio.Event()
            serving = group.create_task(_serve(chosen, pool, ready))
            async with asyncio.timeout(START_S):
                await ready.wait()
            try:
                yield Scene(sandbox, pool)
            finally:
                serving.cancel()


async def _serve(chosen: settings.Settings, pool: TaskPool, ready: asyncio.Event) -> None:
    await app.serve(chosen, on_ready=ready.set, pool=pool)
    raise InterruptedError("the bot was told to stop")


@contextlib.asynccontextmanager
async def bot_process(
    *arguments: str, stderr: int = DEVNULL, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Process]:
    """`kandinsky-bot` with these arguments, ended by SIGTERM when the block ends."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=ROOT,
        env={**inherited, **(environment or {})},
        stdout=DEVNULL,
        stderr=stderr,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def choose_model(sandbox: SandboxClient, user: types.User, model: tasks.Model) -> None:
    """Sets the model as the user would, in /settings; English labels."""
    asked = await sandbox.say(user, "/settings")
    menu = await sandbox.wait_for(user, lambda message: message.reply_markup, START_S, after=asked)
    pressed = await sandbox.press(user, menu, MODEL_LABELS[model])
    await sandbox.wait_for_answer(pressed, timeout_s=START_S)


async def paint(sandbox: SandboxClient, user: types.User, prompt: str) -> types.Message:
    """Asks for a picture and returns the message that shows it. Raises TimeoutError that shows the chat."""
    asked = await sandbox.say(user, prompt)
    return await sandbox.wait_for(user, lambda message: message.photo, PICTURE_S, after=asked)


async def original(sandbox: SandboxClient, user: types.User, shown: types.Message) -> bytes:
    """The lossless file behind a picture in the chat, by its button."""
    await sandbox.press(user, shown, "As file")

    def is_the_file(message: types.Message) -> bool:
        answered = message.reply_to_message
        return message.document is not None and answered is not None and answered.message_id == shown.message_id

    sent = await sandbox.wait_for(user, is_the_file, START_S, after=shown)
    assert sent.document is not None
    return await sandbox.download(sent.document.file_id)


def seed_of(shown: types.Message) -> int:
    """The seed that the caption names."""
    found = _SEED.search(shown.caption or "")
    if found is None:
        raise ValueError("the caption names no seed")
    return int(found[1])


def free_port() -> int:
    """A port of this machine that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
