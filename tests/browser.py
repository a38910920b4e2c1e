"""A headless Chromium, and the sandbox's browser chat as a person uses it.

A conftest imports the fixture `chromium` and enters `browsing(chromium)` while its sandbox runs. Where no Chromium is
found such tests are skipped with the reason; with CI_REQUIRE_BROWSER=1 they fail instead. Whoever leaves `browsing`
has also proven that the page asked nothing of another host and logged no error.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

ShownT = TypeVar("ShownT")

LIMIT_S = 20.0  # for anything that the page shows by itself
LOOK_EVERY_S = 0.05
LOCAL_SCHEMES = ("blob", "data", "chrome", "about")

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en-GB",
)


def _programs() -> tuple[str, str]:
    """Returns the paths of Chromium and its driver, or skips the test (fails it where CI requires a browser)."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if chromium and driver:
        return chromium, driver
    reason = f"no {'chromedriver' if chromium else 'Chromium'} on this machine (Debian: chromium, chromium-driver)"
    if os.environ.get("CI_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def start_chromium(profile: Path, width_px: int, height_px: int) -> Chrome:
    """Starts a headless Chromium that logs its requests; the caller quits it. Skips the test where there is none."""
    chromium, driver = _programs()
    options = ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={width_px},{height_px}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return Chrome(options=options, service=Service(driver))


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    driver = start_chromium(tmp_path_factory.mktemp("chromium"), width_px=1240, height_px=900)
    yield driver
    driver.quit()


@contextlib.contextmanager
def browsing(chromium: Chrome) -> Iterator[Browser]:
    """A browser that remembers nothing of earlier tests; leave it before the sandbox stops."""
    opened = Browser(chromium)
    yield opened
    opened.finish()


class Browser:
    """One window with the browser chat."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver
        self._host = ""
        self.expected_errors: list[str] = []
        self.other_hosts: set[str] = set()

    def open(self, url: str, *user_ids: int) -> Browser:
        """Opens the chat at this address, with a column for each of these people."""
        self._host = urlsplit(url).netloc
        people = ",".join(map(str, user_ids))
        self.driver.get(f"{url.rstrip('/')}/{f'?as={people}' if people else ''}")
        self.wait(lambda: self.driver.find_elements(By.CSS_SELECTOR, ".pane, .nobody"))
        return self

    def pane(self, number: int = 0) -> Pane:
        """The columns, from the left."""
        return Pane(self, self.wait(lambda: self.driver.find_elements(By.CSS_SELECTOR, ".pane")[number:])[0])

    def panes(self) -> int:
        """How many columns there are."""
        return len(self.driver.find_elements(By.CSS_SELECTOR, ".pane"))

    def find(self, css: str) -> WebElement:
        """The first element on the page; waits for it."""
        return self.wait(lambda: self.driver.find_element(By.CSS_SELECTOR, css))

    def script(self, source: str, *arguments: object) -> object:
        """Runs JavaScript in the page."""
        return self.driver.execute_script(source, *arguments)

    def prefer(self, colours: str) -> None:
        """Makes the system prefer `light` or `dark`."""
        features = [{"name": "prefers-color-scheme", "value": colours}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def be_a_phone(self, width_px: int = 390, height_px: int = 844) -> None:
        """Gives the page the screen of a phone until the end of the test."""
        metrics = {"width": width_px, "height": height_px, "deviceScaleFactor": 2, "mobile": True}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def screenshot(self, path: Path) -> None:
        """Saves what the window shows as a PNG."""
        self.driver.save_screenshot(str(path))

    def wait(self, look: Callable[[], ShownT | None], limit_s: float = LIMIT_S) -> ShownT:
        """Looks until there is something true to see; returns it."""
        ignored = (NoSuchElementException, StaleElementReferenceException)
        waiting = WebDriverWait(self.driver, limit_s, LOOK_EVERY_S, ignored_exceptions=ignored)
        found = waiting.until(lambda _: look())
        assert found is not None  # until() returns only what is true
        return found

    def requests(self) -> list[str]:
        """The addresses that the page asked for since the last look."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def finish(self) -> None:
        """Closes the chat; fails when it logged an error or asked another host for anything."""
        if self._host:
            self.script("localStorage.clear()")
        self.driver.get("about:blank")
        errors = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]
        asked = self.requests()
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        known = {self._host, *self.other_hosts}
        strangers = [
            url for url in asked if urlsplit(url).scheme not in LOCAL_SCHEMES and urlsplit(url).netloc not in known
        ]
        assert strangers == [], f"the page asked another host: {strangers}"
        unexpected = [error for error in errors if not any(words in error for words in self.expected_errors)]
        assert unexpected == [], f"the page logged errors: {unexpected}"


class Pane:
    """One column: one person's phone."""

    def __init__(self, browser: Browser, element: WebElement) -> None:
        self.browser = browser
        self.element = element

    def all(self, css: str) -> list[WebElement]:
        """The elements in this column, at once."""
        return self.element.find_elements(By.CSS_SELECTOR, css)

    def find(self, css: str) -> WebElement:
        """The first element in this column; waits for it."""
        return self.browser.wait(lambda: self.element.find_element(By.CSS_SELECTOR, css))

    @property
    def box(self) -> WebElement:
        """The compose box."""
        return self.find(".composer textarea")

    def start(self) -> None:
        """Presses Start in an empty chat."""
        self.find(".start").click()

    def say(self, text: str) -> None:
        """Writes a message and presses Enter; the lines of the text are parted by Shift+Enter."""
        for number, line in enumerate(text.split("\n")):
            if number:
                self.box.send_keys(Keys.SHIFT, Keys.ENTER)
            self.box.send_keys(line)
        self.box.send_keys(Keys.ENTER)

    def bubbles(self) -> list[str]:
        """The words of every bubble, without time and buttons, oldest first."""
        texts = self.browser.script(
            """return [...arguments[0].querySelectorAll('.bubble')].map((bubble) => {
                 const words = bubble.querySelector('.text')?.cloneNode(true);
                 words?.querySelector('.meta')?.remove();
                 return words?.textContent ?? '';
               })""",
            self.element,
        )
        assert isinstance(texts, list)
        return texts

    def sees(self, words: str, limit_s: float = LIMIT_S) -> WebElement:
        """Waits for a bubble with these words; returns its row."""
        return self.browser.wait(
            lambda: next(
                (
                    row
                    for row in reversed(self.all(".row"))
                    if words in row.find_element(By.CSS_SELECTOR, ".bubble").text
                ),
                None,
            ),
            limit_s,
        )

    def sees_picture(self, limit_s: float = LIMIT_S) -> WebElement:
        """Waits until the newest picture is loaded; returns the image."""
        loaded = "return arguments[0].complete && arguments[0].naturalWidth > 0"

        def look() -> WebElement | None:
            images = self.all(".tile > img:not(.under)")
            return images[-1] if images and self.browser.script(loaded, images[-1]) else None

        return self.browser.wait(look, limit_s)

    def buttons(self) -> list[str]:
        """The labels of all inline buttons, oldest first."""
        return [key.text for key in self.all(".key")]

    def button(self, label: str) -> WebElement:
        """The newest inline button whose label has these words; waits for it."""
        return self.browser.wait(lambda: next((key for key in reversed(self.all(".key")) if label in key.text), None))

    def press(self, label: str) -> None:
        """Presses the newest inline button whose label has these words."""

        def pressed() -> bool:
            button = self.button(label)
            # In the middle of the column: Chromium itself stops at its edge, where the header lies.
            self.browser.script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", button)
            button.click()  # or raises when the message was drawn anew meanwhile, and then it is looked for again
            return True

        self.browser.wait(pressed)

    def toast(self) -> str:
        """What the toast says; waits for one."""
        return self.browser.wait(lambda: self.element.find_element(By.CSS_SELECTOR, ".toast").text)

    def dialog(self) -> str:
        """What the dialog says; waits for one."""
        return self.browser.wait(lambda: self.element.find_element(By.CSS_SELECTOR, ".dialog").text)

    def status(self) -> str:
        """The line under the name of the chat."""
        return self.find(".chat-status").text

    def choose(self, opener: str, label: str) -> None:
        """Opens the menu of this element and takes the entry with these words."""
        self.find(opener).click()
        self.browser.wait(lambda: next((each for each in self.all(".menu-item") if label in each.text), None)).click()

    def message_menu(self, row: WebElement, label: str) -> None:
        """Opens the menu of a message with the right button and takes the entry with these words."""
        ActionChains(self.browser.driver).context_click(row.find_element(By.CSS_SELECTOR, ".bubble")).perform()
        self.browser.wait(lambda: next((each for each in self.all(".menu-item") if label in each.text), None)).click()

    def attach(self, *paths: Path) -> None:
        """Chooses files with the attach button; the dialog opens."""
        self.element.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys("\n".join(map(str, paths)))
        self.find(".previews")
