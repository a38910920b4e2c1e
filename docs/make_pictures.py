"""Makes the screenshots of README and docs from the running demo: `.venv/bin/python docs/make_pictures.py`.

Needs Chromium and its driver. The pictures in them are painted by the miniature models with random seeds, so every run
looks a little different; look at them before committing.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from selenium.webdriver import Chrome

from tests.browser import Browser, Pane, start_chromium
from tests.test_demo import ADMIN_ID, ANN_ID, PAINT_LIMIT_S, free_port, start_demo

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    """Start a demo, play a conversation, save what the window shows."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium(Path(folder) / "profile") as driver:
        demo = start_demo(Path(folder) / "data", free_port())
        try:
            browser = Browser(driver)
            ann = browser.open(demo.url, ANN_ID).pane()
            ann.start()
            ann.sees("Hello, Ann")
            browser.screenshot(IMAGES / "start.png")
            paint(ann, "a yellow star")
            paint(ann, "a big red circle on a blue background")
            browser.screenshot(IMAGES / "chat.png")
            ann.say("/settings")
            ann.sees("Settings")
            ann.say("большое зелёное сердце на розовом фоне")
            ann.sees("Painting", PAINT_LIMIT_S)
            browser.screenshot(IMAGES / "painting.png")
            ann.sees("большое зелёное сердце", PAINT_LIMIT_S)
            browser.prefer("dark")
            browser.open(demo.url, ADMIN_ID, ANN_ID)
            admin = browser.pane(0)
            admin.start()
            paint(admin, "a purple ring on a white background")
            browser.screenshot(IMAGES / "two-people-dark.png")
        finally:
            demo.process.terminate()
            demo.process.wait(30)


def paint(pane: Pane, prompt: str) -> None:
    """Write a prompt and wait for its picture."""
    pane.say(prompt)
    pane.sees(f"“{prompt}”", PAINT_LIMIT_S)
    pane.sees_picture(PAINT_LIMIT_S)


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """A headless Chromium in the size of the screenshots."""
    driver = start_chromium(profile, width_px=1100, height_px=1060)
    try:
        yield driver
    finally:
        driver.quit()


if __name__ == "__main__":
    main()
