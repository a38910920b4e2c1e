"""The page itself: colours, small screens, a lost connection, and what it may load."""

from __future__ import annotations

import pytest

from tests.bot.sandbox_page.conftest import PlayedBot, Sandbox, key
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


def test_a_mini_app_of_this_address_opens_in_a_frame_and_is_told_the_theme(
    browser: Browser, sandbox: Sandbox, ann: Pane, bot: PlayedBot
) -> None:
    bot.says("Draw", keys=[[key("Mask", web_app={"url": f"{sandbox.url}/static/mark.svg#tool=brush"})]])
    ann.press("Mask")
    source = str(ann.find("iframe").get_attribute("src"))
    assert source.startswith(f"{sandbox.url}/static/mark.svg#tool=brush&tgWebAppVersion=")
    assert "tgWebAppThemeParams=" in source
    ann.find(".dialog [aria-label=Close]").click()
    browser.wait(lambda: not ann.all("iframe"))


def test_a_mini_app_that_may_not_be_framed_is_offered_as_a_link(browser: Browser, ann: Pane, bot: PlayedBot) -> None:
    browser.expected_errors += ["Content Security Policy"]
    bot.says("Draw", keys=[[key("Mask", web_app={"url": "https://mask.example/app"})]])
    ann.press("Mask")
    browser.wait(lambda: "mask.example" in ann.dialog())
