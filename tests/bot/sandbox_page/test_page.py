"""The page itself: colours, small screens, a lost connection, and what it may load."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from tests.bot.sandbox_page.conftest import PlayedBot, Sandbox, key, picture
from tests.browser import Browser, Pane

pytestmark = pytest.mark.browser


def ground(browser: Browser) -> str:
    return str(browser.script("return getComputedStyle(document.body).backgroundColor"))


def test_colours_follow_the_system_and_the_switch(browser: Browser, ann: Pane) -> None:
    light = ground(browser)
    browser.prefer("dark")
    browser.wait(lambda: ground(browser) != light)
    browser.find("#theme").click()
    browser.wait(lambda: ground(browser) == light)
    browser.find("#theme").click()
    browser.wait(lambda: ground(browser) != light)


def test_the_chosen_colours_are_remembered(browser: Browser, sandbox: Sandbox, ann: Pane) -> None:
    light = ground(browser)
    browser.find("#theme").click()
    browser.find("#theme").click()
    browser.open(sandbox.url)
    assert ground(browser) != light


def test_a_phone_shows_one_column_without_scrolling_sideways(browser: Browser, ann: Pane, bot: PlayedBot) -> None:
    browser.be_a_phone()
    bot.says("word " * 60, keys=[[key("a rather long label", "a"), key("another long label", "b")]])
    ann.sees("word")
    assert browser.script("return document.documentElement.scrollWidth <= innerWidth")
    assert ann.element.rect["width"] == 390


def test_a_phone_reaches_the_other_column_by_its_face(browser: Browser, ann: Pane) -> None:
    browser.find("#add-pane").click()
    browser.wait(lambda: browser.panes() == 2)
    browser.be_a_phone()
    browser.find("#people button:last-child").click()
    browser.wait(lambda: abs(browser.pane(1).element.rect["x"]) < 2)


def test_a_lost_connection_is_told_and_what_was_missed_arrives(
    browser: Browser, sandbox: Sandbox, ann: Pane, bot: PlayedBot
) -> None:
    browser.expected_errors += [
        "ERR_CONNECTION_REFUSED",
        "ERR_INCOMPLETE_CHUNKED_ENCODING",
        "ERR_CONNECTION_RESET",
        "ERR_EMPTY_RESPONSE",
    ]
    ann.say("before")
    assert bot.hears()["text"] == "before"
    sandbox.stop()
    browser.wait(lambda: "Connection lost" in browser.find("#banner").text)
    sandbox.start()
    bot.says("after")
    ann.sees("after")
    browser.wait(lambda: not browser.find("#banner").is_displayed())
    assert ann.bubbles() == ["before", "after"]


def test_every_control_has_a_name(browser: Browser, ann: Pane, bot: PlayedBot) -> None:
    bot.says("Pick", keys=[[key("One", "1")]])
    ann.sees("Pick")
    nameless = browser.script(
        """return [...document.querySelectorAll('button:not([hidden]), input:not([hidden]), textarea, a')]
             .filter((each) => !(each.getAttribute('aria-label') || each.textContent.trim() || each.title))
             .map((each) => each.outerHTML)"""
    )
    assert nameless == []


def test_a_new_message_is_announced_to_screen_readers(ann: Pane, bot: PlayedBot) -> None:
    bot.says("Your picture is ready")
    spoken = ann.find("[aria-live]")
    ann.browser.wait(lambda: str(spoken.get_attribute("textContent")).endswith("Your picture is ready"))


@pytest.fixture
def mini_app(sandbox: Sandbox) -> Iterator[str]:
    """The address of a Mini App that the bot serves itself, on a port of its own."""
    page = """<!doctype html><button onclick='parent.postMessage(JSON.stringify({eventType: "web_app_close"}), "*")'>
              Done</button>"""

    async def show(request: web.Request) -> web.Response:
        return web.Response(text=page, content_type="text/html")

    async def serve() -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/mask", show)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    runner = sandbox.loop.run(serve())
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/mask"
    sandbox.loop.run(runner.cleanup())


def test_a_mini_app_opens_in_a_frame_knows_the_theme_and_closes_itself(
    browser: Browser, mini_app: str, ann: Pane, bot: PlayedBot
) -> None:
    browser.other_hosts.add(urlsplit(mini_app).netloc)
    bot.says("Draw", keys=[[key("Mask", web_app={"url": f"{mini_app}#tool=brush"})]])
    ann.press("Mask")
    frame = ann.find("iframe")
    source = str(frame.get_attribute("src"))
    assert source.startswith(f"{mini_app}#tool=brush&tgWebAppVersion=")
    assert "tgWebAppThemeParams=" in source
    browser.driver.switch_to.frame(frame)
    browser.find("button").click()
    browser.driver.switch_to.default_content()
    browser.wait(lambda: not ann.all("iframe"))


def test_a_mini_app_that_may_not_be_framed_is_offered_as_a_link(browser: Browser, ann: Pane, bot: PlayedBot) -> None:
    browser.expected_errors += ["Content Security Policy"]
    bot.says("Draw", keys=[[key("Mask", web_app={"url": "https://mask.example/app"})]])
    ann.press("Mask")
    browser.wait(lambda: "mask.example" in ann.dialog())


def test_everything_that_is_loaded_comes_from_the_sandbox(browser: Browser, ann: Pane, bot: PlayedBot) -> None:
    bot.shows(picture())
    ann.sees_picture()
    asked = [urlsplit(url) for url in browser.requests()]
    assert {"/static/app.js", "/static/mark.svg", "/sandbox/events"} <= {url.path for url in asked}
    assert any(url.path.startswith("/sandbox/files/") for url in asked)
    assert len({url.netloc for url in asked if url.scheme == "http"}) == 1
    assert {url.scheme for url in asked} <= {"http", "data", "blob"}
