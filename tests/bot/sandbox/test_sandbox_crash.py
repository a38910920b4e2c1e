from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiogram import types

from bot.sandbox import server
from bot.sandbox.client import SandboxClient, labels
from bot.sandbox.store.database import DataDirInUse
from tests.bot.sandbox.sandbox_kit import TOKEN, connect, picture

SERVE = """
import asyncio, pathlib, sys
from bot.sandbox import server

async def main():
    sandbox = await server.start(pathlib.Path(sys.argv[1]))
    print(sandbox.url, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@asynccontextmanager
async def killed_at_the_end(data_dir: Path) -> AsyncIterator[str]:
    """A sandbox in a process of its own that ends by SIGKILL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SERVE,
        str(data_dir),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert process.stdout is not None
    try:
        yield (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


@pytest.mark.slow
async def test_everything_that_was_answered_survives_kill_9(tmp_path: Path) -> None:
    async with killed_at_the_end(tmp_path) as url, SandboxClient(url) as people:
        bot = connect(url, TOKEN)
        ann = await people.create_user("Ann")
        group = await people.create_group("Painters", [ann])
        await people.say(ann, "acknowledged")
        await people.say(ann, "not acknowledged")
        first = (await bot.get_updates())[0]
        await bot.get_updates(offset=first.update_id + 1)
        row = [types.InlineKeyboardButton(text="Again", callback_data="again")]
        painted = await bot.send_photo(
            ann.id,
            types.BufferedInputFile(picture(), "a.png"),
            caption="painted",
            reply_markup=types.InlineKeyboardMarkup(inline_keyboard=[row]),
        )
        pressed = await people.press(ann, painted, "Again")
        before = await people.messages(ann)
        calls = [call.method for call in await people.calls()]
        await bot.session.close()
    async with await server.start(tmp_path) as sandbox, SandboxClient(sandbox.url) as people:
        bot = connect(sandbox.url, TOKEN)
        after = await people.messages(ann)
        assert [message.model_dump() for message in after] == [message.model_dump() for message in before]
        assert labels(after[-1]) == ["Again"]
        assert await people.download((after[-1].photo or [])[-1].file_id)
        kept = await bot.get_updates()
        assert [update.event_type for update in kept] == ["message", "my_chat_member", "callback_query"]
        assert [update.message.text for update in kept if update.message] == ["not acknowledged"]
        assert [update.callback_query.id for update in kept if update.callback_query] == [pressed.id]
        assert (await bot.get_chat(group.id)).title == "Painters"
        assert [call.method for call in await people.calls()][: len(calls)] == calls
        said = await people.say(ann, "ids go on")
        assert said.message_id > before[-1].message_id
        await bot.session.close()


async def test_an_upload_that_a_crash_cut_off_is_swept(tmp_path: Path) -> None:
    (tmp_path / "incoming").mkdir()
    (tmp_path / "incoming" / "half").write_bytes(b"half of a file")
    async with await server.start(tmp_path):
        assert list((tmp_path / "incoming").iterdir()) == []


async def test_two_sandboxes_cannot_share_a_folder(tmp_path: Path) -> None:
    async with await server.start(tmp_path):
        with pytest.raises(DataDirInUse):
            await server.start(tmp_path)
