"""How long a newcomer waits: `--help`, the demo until it answers, until its engines are ready, until a first picture.

    python -m benchmarks start_up

Every start is a fresh process. The floor is what Python and torch themselves take on the machine.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiogram import types

from benchmarks import report, scene
from bot.sandbox.client import SandboxClient
from engines import tasks

COLUMNS: Final = ("what", "runs", "min s", "median s", "max s")
COMMANDS: Final = {
    "python -c pass": ("-c", "pass"),
    "python -c 'import torch'": ("-c", "import torch"),
    "kandinsky-bot --help": ("-m", "bot", "--help"),
}
ENOUGH_S: Final = 120.0  # no turn begins later than this
STARTS: Final = ("first", "second")
PROMPT: Final = "a big red circle on a blue background"
ANN: Final = types.User(id=1001, is_bot=False, first_name="Ann")  # one of the demo's two users
JSON_LOG: Final = {"KANDINSKY_LOG__FORMAT": "json", "KANDINSKY_LOG__LEVEL": "info"}


class DemoEnded(Exception):
    """The demo stopped by itself."""


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds from the start of the process until the demo answered, had its engines, and showed a picture."""

    healthy_s: float
    engines_s: float
    picture_s: float


def run(quick: bool) -> report.Report:
    """Time every command and the demo, in turns. Raises DemoEnded, TimeoutError."""
    seconds: dict[str, list[float]] = {}
    began_s = time.perf_counter()
    for number in range(1 if quick else 5):
        if time.perf_counter() - began_s > ENOUGH_S:
            break
        for name, arguments in COMMANDS.items():
            seconds.setdefault(name, []).append(_command_s(arguments))
        if number < 3:
            _note_demo(seconds, STARTS[:1] if quick else STARTS)
    return report.Report(
        "Start-up",
        COLUMNS,
        [_row(name, values) for name, values in seconds.items()],
        notes=[
            "A first start has an empty data folder and migrates the database; a second start finds both. The "
            "files of Python and torch are in the system's cache in either case, but for the very first run.",
            "The demo answers when the sandbox serves and the bot polls. Engines load meanwhile, as the log says.",
            "The picture is asked for as soon as the demo answers: by Flash, with the first loading of its weights.",
            "Health is asked for every 50 ms.",
        ],
    )


def _note_demo(seconds: dict[str, list[float]], starts: Sequence[str]) -> None:
    """Start the demo so many times on one data folder."""
    with tempfile.TemporaryDirectory() as folder:
        for name in starts:
            started = asyncio.run(_demo(Path(folder), choose_flash=name == STARTS[0]))
            for what, value in (
                ("answers", started.healthy_s),
                ("engines ready", started.engines_s),
                ("first Flash picture", started.picture_s),
            ):
                seconds.setdefault(f"demo, {name} start: {what}", []).append(value)


def _command_s(arguments: Sequence[str]) -> float:
    began_s = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=scene.ROOT, check=True, capture_output=True, timeout=scene.START_S)
    return time.perf_counter() - began_s


async def _demo(data: Path, *, choose_flash: bool) -> Started:
    """Start the demo, paint once, and end it. The choice of the model is remembered in its database."""
    port = scene.free_port()
    command = ("demo", "--port", str(port), "--data", str(data))
    began_s = time.perf_counter()
    async with (
        scene.bot_process(*command, stderr=PIPE, environment=JSON_LOG) as process,
        SandboxClient(f"http://127.0.0.1:{port}") as sandbox,
        asyncio.TaskGroup() as group,  # a demo that ends by itself ends the wait for it
    ):
        assert process.stderr is not None
        engines_at_s: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        reading = group.create_task(_read_log(process.stderr, engines_at_s))
        await sandbox.wait_until_healthy(scene.START_S)
        healthy_s = time.perf_counter() - began_s
        if choose_flash:
            await scene.choose_model(sandbox, ANN, tasks.Model.KANDINSKY_3_FLASH)
        await scene.paint(sandbox, ANN, PROMPT)
        picture_s = time.perf_counter() - began_s
        engines_s = await engines_at_s - began_s
        reading.cancel()
    return Started(healthy_s, engines_s, picture_s)


async def _read_log(log: asyncio.StreamReader, engines_at_s: asyncio.Future[float]) -> None:
    """Note when the engines were ready, and read on, so that the demo never waits for its reader."""
    latest = b""
    async for line in log:
        latest = line
        if not engines_at_s.done() and _event(line) == "engines_ready":
            engines_at_s.set_result(time.perf_counter())
    raise DemoEnded(latest.decode("utf-8", "replace").strip())


def _event(line: bytes) -> object:
    try:
        return json.loads(line).get("event")
    except (ValueError, AttributeError):  # a line of somebody who does not write our log
        return None


def _row(name: str, values: Sequence[float]) -> tuple[report.Cell, ...]:
    return name, len(values), min(values), statistics.median(values), max(values)
