"""Makes a picture of every screen of the chat in both languages: `.venv/bin/python docs/make_screens.py [FOLDER]`.

Plays the conversations of docs/chat.md in the running demo, as a person would, and saves what the window shows under
docs/images/screens. Needs Chromium and its driver. Look at them before committing.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PIL import Image

from bot.sandbox.client import SandboxClient
from bot.texts import Texts, Translator
from tests.browser import Browser, Pane, start_chromium
from tests.test_demo import PAINT_LIMIT_S, free_port, start_demo

SCREENS = Path(__file__).parent / "images" / "screens"
COLOURS = 128  # of a palette: a screen needs no more, and the repository stays small
PEOPLE = {"en": "Ann", "ru": "Борис"}


def main(folder: Path = SCREENS) -> None:
    """Start a demo, play every conversation in every language."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = Texts()
    with tempfile.TemporaryDirectory() as scratch:
        demo = start_demo(Path(scratch) / "data", free_port())
        driver = start_chromium(Path(scratch) / "profile", width_px=560, height_px=980)
        try:
            for language in texts.languages:
                user_id = asyncio.run(newcomer(demo.url, language))
                pane = Browser(driver).open(demo.url, user_id).pane()
                Tour(pane, texts.translator(language), folder).play()
        finally:
            driver.quit()
            demo.process.terminate()
            demo.process.wait(30)


async def newcomer(url: str, language: str) -> int:
    """Somebody who speaks a language and has not met the bot; the id."""
    async with SandboxClient(url) as sandbox:
        return (await sandbox.create_user(PEOPLE[language], language_code=language)).id


class Tour:
    """One person's way through all screens."""

    def __init__(self, pane: Pane, t: Translator, folder: Path) -> None:
        self._pane = pane
        self._t = t
        self._folder = folder

    def play(self) -> None:
        """See everything."""
        self._begin()
        self._settings()
        self._paint()
        self._look_back()
        self._leave()

    def _begin(self) -> None:
        self._pane.start()
        self._pane.button(self._t.plain("example-mini-2-label"))
        self._save("start")
        self._press("button-menu")
        self._pane.button(self._t.plain("button-examples"))
        self._save("menu")
        self._press("button-help")
        self._sees("--seed")
        self._save("help")
        self._press("button-menu")

    def _settings(self) -> None:
        self._press("button-settings")
        self._pane.button("16:9")
        self._save("settings")
        self._pane.press(self._t.plain("button-style", style=self._t.plain("style-none")))
        self._pane.button(self._t.plain("style-mosaic"))
        self._save("styles")
        self._press("button-back")
        self._press("button-negative")
        self._sees("/cancel")
        self._save("question")
        self._press("button-back")
        self._press("button-seed-random")
        self._sees("4294967295")
        self._save("seed")
        self._press("button-back")
        self._press("button-done")

    def _paint(self) -> None:
        self._pane.say(f"{self._t.plain('example-mini-1-prompt')} --ar 3:2 --n 9")
        self._sees("--n 4")
        self._save("hint")
        self._pane.say(f"{self._t.plain('example-mini-1-prompt')} --seed 7")
        self._pane.button(self._t.plain("button-cancel"))
        self._pane.sees_picture(PAINT_LIMIT_S)
        self._save("preview")
        self._pane.browser.wait(lambda: self._t.plain("button-details") in self._pane.buttons(), PAINT_LIMIT_S)
        self._save("result")
        self._press("button-refine")
        self._press("button-details")
        self._sees("--model")
        self._save("details")
        self._pane.browser.wait(lambda: self._results() == 2, PAINT_LIMIT_S)
        self._pane.say(f"{self._t.plain('example-mini-3-prompt')} --model flash --n 4")
        self._pane.browser.wait(lambda: self._results() == 3, PAINT_LIMIT_S)
        self._save("album")

    def _look_back(self) -> None:
        self._pane.say("/history")
        self._sees(self._t.plain("history-hint"))  # numbers stand under an album, too
        self._save("history")
        self._pane.press("3")
        self._pane.button(self._t.plain("button-show"))
        self._save("card")
        self._pane.say("/quota")
        self._sees("700")
        self._save("quota")

    def _leave(self) -> None:
        self._pane.say("/queue")
        self._pane.say("/cancel")
        self._pane.say("/timezone")
        self._pane.press("(+3)")
        self._sees("UTC+3")
        self._save("timezone")
        self._pane.say("/language")
        self._pane.button("English")
        self._pane.say("/forget")
        self._pane.button(self._t.plain("button-keep"))
        self._save("forget")

    def _results(self) -> int:
        """How many results stand in the chat."""
        return self._pane.buttons().count(self._t.plain("button-favourite-off"))

    def _press(self, key: str) -> None:
        self._pane.press(self._t.plain(key))

    def _sees(self, words: str) -> None:
        self._pane.sees(words, PAINT_LIMIT_S)

    def _save(self, name: str) -> None:
        """Save what the window shows, with few colours."""
        with Image.open(io.BytesIO(self._pane.browser.driver.get_screenshot_as_png())) as shown:
            few = shown.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            few.save(self._folder / f"{self._t.language}-{name}.png", optimize=True)


if __name__ == "__main__":
    main(*(Path(folder) for folder in sys.argv[1:2]))
