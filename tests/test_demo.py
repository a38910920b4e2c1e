"""The newcomer's path, with nothing replaced: `kandinsky-bot demo`, a browser, the miniature models."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser import browsing
from tests.browser import chromium as chromium
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]

START_LIMIT_S = 60.0
PAINT_LIMIT_S = 90.0
ADMIN_ID, ANN_ID = 1000, 1001


@dataclass(slots=True)
class Demo:
    """A demo in a process of its own."""

    port: int
    data_dir: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def start_demo(data_dir: Path, port: int) -> Demo:
    """Start the demo and wait until its health says that the bot polls."""
    command = [sys.executable, "-m", "bot", "demo", "--port", str(port), "--data", str(data_dir)]
    environment = {name: value for name, value in os.environ.items() if name != "BOT_TOKEN"}
    demo = Demo(port, data_dir, subprocess.Popen(command, env=environment))
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        assert demo.process.poll() is None, "the demo ended at once"
        try:
            with urllib.request.urlopen(f"{demo.url}/sandbox/health", timeout=2) as answer:
                if answer.status == 200:
                    return demo
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.1)  # a process that starts has no event to wait for
    demo.process.kill()
    raise AssertionError(f"the demo was not ready within {START_LIMIT_S} s")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = start_demo(tmp_path / "data", free_port())
    yield running
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(30) == 0, "the demo did not end in order"


@pytest.mark.timeout(300)
def test_a_newcomer_starts_writes_watches_and_presses(chromium: Chrome, demo: Demo) -> None:
    with browsing(chromium) as browser:
        ann = browser.open(demo.url, ANN_ID).pane()
        ann.start()
        ann.sees("Hello, Ann")
        ann.say("a big red circle on a blue background")
        ann.sees("step", PAINT_LIMIT_S)
        browser.wait(lambda: any("Again" in label for label in ann.buttons()), PAINT_LIMIT_S)  # previews have none
        picture = ann.sees_picture(PAINT_LIMIT_S)
        assert int(picture.get_attribute("naturalWidth") or 0) >= 512
        ann.sees("a big red circle on a blue background")

        ann.press("Settings")
        ann.press("Kandinsky 3 Flash")
        browser.wait(lambda: "✓ Kandinsky 3 Flash" in ann.buttons())
        ann.press("As file")
        browser.wait(lambda: ann.all(".file, .document"))
        ann.say("a yellow star")
        ann.sees("Kandinsky 3 Flash · 1:1", PAINT_LIMIT_S)


@pytest.mark.timeout(300)
def test_kill_9_in_the_middle_of_a_painting_loses_nothing(chromium: Chrome, tmp_path: Path) -> None:
    port, data_dir = free_port(), tmp_path / "data"
    demo = start_demo(data_dir, port)
    try:
        with browsing(chromium) as browser:
            browser.expected_errors.append("ERR_")  # the connection that the kill cuts
            ann = browser.open(demo.url, ANN_ID).pane()
            ann.say("a green heart on a pink background")
            ann.sees("step", PAINT_LIMIT_S)
            demo.process.kill()
            demo.process.wait(30)
            demo = start_demo(data_dir, port)
            browser.open(demo.url, ANN_ID)
            ann = browser.pane()
            ann.sees_picture(PAINT_LIMIT_S)
            assert len(ann.all(".tile > img:not(.under)")) == 1
    finally:
        demo.process.terminate()
        demo.process.wait(30)
