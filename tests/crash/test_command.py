"""The real command with the real engines, killed in the middle of a picture."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from bot import crash
from bot.database.models import JobStatus
from tests.crash.books import books
from tests.crash.lives import PATIENCE_S
from tests.studio import TOKEN, Stage, sandbox

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


async def bot_process(scene: Stage, weights: Path, crash_at: str = "") -> Process:
    """`kandinsky-bot run` against the sandbox."""
    environment = {
        **os.environ,
        "BOT_TOKEN": TOKEN,
        "KANDINSKY_ENGINES__WEIGHTS_DIR": str(weights),
        "KANDINSKY_ENGINES__CPU_THREADS": "1",
        "KANDINSKY_MESSAGES__PREVIEWS": "false",  # a photo in the chat is the result
        **({crash.VARIABLE: crash_at} if crash_at else {}),
    }
    options = ["--api-server", scene.url, "--data", str(scene.data_dir / "bot"), "--profile", "mini"]
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", "run", *options, env=environment)


async def ended(process: Process) -> int:
    """The exit status of a process that is going to end."""
    return await asyncio.wait_for(process.wait(), PATIENCE_S)


async def test_the_command_finishes_after_a_kill_in_mid_step(tmp_path: Path, tiny_weights: Path) -> None:
    processes: list[Process] = []
    async with sandbox(tmp_path) as scene:
        try:
            asked = await scene.sandbox.say(scene.ann, "a red circle")
            processes.append(await bot_process(scene, tiny_weights, crash_at=crash.Point.MID_STEP.value))
            assert await ended(processes[-1]) == -signal.SIGKILL
            processes.append(await bot_process(scene, tiny_weights))
            picture = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, PATIENCE_S, after=asked)
            processes[-1].send_signal(signal.SIGTERM)
            assert await ended(processes[-1]) == 0
        finally:
            for process in processes:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        assert len(await scene.sandbox.messages(scene.ann, asked.message_id)) == 1
    async with books(tmp_path / "bot") as kept:
        page = await kept.page()
    (job,) = page.jobs
    assert (job.status, job.attempt, job.result_message_id) == (JobStatus.DELIVERED, 2, picture.message_id)
    assert sum(entry.delta for entry in page.ledger) == -job.cost_credits
