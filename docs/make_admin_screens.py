"""Makes a picture of every admin screen in both languages: `.venv/bin/python docs/make_admin_screens.py [FOLDER]`.

Plays the conversations of docs/admin.md against a running bot whose pool paints at once, and saves what the browser
chat shows of them. Needs Chromium and its driver. Look at the pictures before committing.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from aiogram import types
from PIL import Image

from bot.texts import Texts, Translator
from engines import errors
from tests.browser import Browser, start_chromium
from tests.handlers.admin_stage import ADMIN_ID, ControlRoom, bot_of, stage_with_admin
from tests.puppet import PuppetPool

SCREENS = Path(__file__).parent / "images" / "screens"
COLOURS = 128  # of a palette: a screen needs no more, and the repository stays small
PAINTERS = {"Clara": 4, "Dimitri": 3, "Eun-ji": 1}  # how many pictures each of them paints


async def main(folder: Path = SCREENS) -> None:
    """Play everything in every language."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    texts = Texts()
    for language in texts.languages:
        with tempfile.TemporaryDirectory() as scratch:
            driver = await asyncio.to_thread(start_chromium, Path(scratch) / "profile", width_px=560, height_px=980)
            pool = PuppetPool()
            try:
                async with stage_with_admin(Path(scratch), language) as room, bot_of(room, pool):
                    browser = await asyncio.to_thread(Browser(driver).open, room.scene.url, ADMIN_ID)
                    await Tour(room, pool, browser, texts.translator(language), folder).play()
            finally:
                await asyncio.to_thread(driver.quit)


class Tour:
    """The admin's way through all screens."""

    def __init__(self, room: ControlRoom, pool: PuppetPool, browser: Browser, t: Translator, folder: Path) -> None:
        self._room = room
        self._pool = pool
        self._browser = browser
        self._t = t
        self._folder = folder

    async def play(self) -> None:
        """A day with some work, then a look at everything."""
        people = await self._work()
        await self._room.sandbox.say(people[0], "a long line, first")
        await self._pool.next()
        await self._room.sandbox.say(people[1], "a long line, second")
        await self._room.hears(people[1], "Next in line")
        await self._ask("/admin")
        await self._save("admin")
        await self._ask("/jobs")
        await self._ask("/engines")
        await self._save("admin-jobs-engines")
        await self._ask(f"/user {people[0].id}")
        await self._ask(f"/quota {people[0].id} +70")
        await self._save("admin-user")
        said = await self._room.sandbox.say(self._room.admin, "/stats week")
        await self._room.sandbox.wait_for(self._room.admin, lambda m: m.photo, after=said)
        await self._save("admin-stats")
        await self._ask("/maintenance on 15:00–16:00")
        asked = await self._ask("/broadcast 🎨 Mosaic!", buttons=True)
        await self._save("admin-broadcast")
        await self._room.sandbox.press(self._room.admin, asked, "admb|send|1")
        await self._room.hears(self._room.admin, self._t.plain("admin-broadcast-took", time="")[:5])
        await self._ask("/audit")
        await self._save("admin-report-audit")

    async def _work(self) -> list[types.User]:
        people = []
        for name, wishes in PAINTERS.items():
            one = await self._room.sandbox.create_user(name, username=name.lower().replace("-", "_"))
            people.append(one)
            for number in range(wishes):
                said = await self._room.sandbox.say(one, f"picture {number}")
                painting = await self._pool.next()
                if number == 3:
                    painting.fail(errors.InvalidTask("no"))
                else:
                    painting.finish()
                    await self._room.sandbox.wait_for(one, lambda m: m.photo, after=said)
        return people

    async def _ask(self, text: str, *, buttons: bool = False) -> types.Message:
        said = await self._room.sandbox.say(self._room.admin, text)
        return await self._room.sandbox.wait_for(
            self._room.admin, lambda m: m.text and (m.reply_markup or not buttons), after=said
        )

    async def _save(self, name: str) -> None:
        """Save what the window shows, with few colours."""
        latest = [m for m in await self._room.sandbox.messages(self._room.admin) if m.text or m.caption][-1]
        first_line = (latest.text or latest.caption or "").splitlines()[0]
        pane = self._browser.pane()
        await asyncio.to_thread(pane.sees, first_line)
        if latest.photo:
            await asyncio.to_thread(pane.sees_picture)
        shot = await asyncio.to_thread(self._browser.driver.get_screenshot_as_png)
        with Image.open(io.BytesIO(shot)) as shown:
            few = shown.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            few.save(self._folder / f"{self._t.language}-{name}.png", optimize=True)


if __name__ == "__main__":
    asyncio.run(main(*(Path(folder) for folder in sys.argv[1:2])))
