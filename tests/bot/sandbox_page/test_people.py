"""Several people side by side, groups, and what the page remembers."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By

from tests.bot.sandbox_page.conftest import ADMIN_ID, ANN_ID, PlayedBot, Sandbox
from tests.browser import Browser, Pane

pytestmark = pytest.mark.browser


@pytest.fixture
def admin_and_ann(browser: Browser, sandbox: Sandbox, bot: PlayedBot) -> tuple[Pane, Pane]:
    browser.open(sandbox.url, ADMIN_ID, ANN_ID)
    return browser.pane(0), browser.pane(1)


def test_two_people_have_private_chats_of_their_own(admin_and_ann: tuple[Pane, Pane], bot: PlayedBot) -> None:
    admin, ann = admin_and_ann
    admin.say("from admin")
    ann.say("from ann")
    assert {bot.hears()["from"]["id"], bot.hears()["from"]["id"]} == {ADMIN_ID, ANN_ID}
    bot.says("for admin only", chat_id=ADMIN_ID)
    admin.sees("for admin only")
    assert ann.bubbles() == ["from ann"]


def test_the_newest_person_is_there_at_the_first_visit(browser: Browser, sandbox: Sandbox, bot: PlayedBot) -> None:
    browser.open(sandbox.url)
    assert browser.panes() == 1
    assert browser.pane().find(".person-name").text == "Ann"


def test_a_column_is_added_for_the_next_person_and_closed_again(browser: Browser, ann: Pane) -> None:
    browser.find("#add-pane").click()
    browser.wait(lambda: browser.panes() == 2)
    assert browser.pane(1).find(".person-name").text == "Admin"
    browser.pane(1).find(".pane-close").click()
    browser.wait(lambda: browser.panes() == 1)


def test_a_new_person_can_be_made_and_talks_at_once(browser: Browser, ann: Pane, bot: PlayedBot) -> None:
    ann.choose(".person-button", "New person")
    ann.find("input[name=first_name]").send_keys("Wassily")
    ann.find("input[name=username]").send_keys("wassily_k")
    ann.find("form .primary").click()
    browser.wait(lambda: ann.find(".person-name").text == "Wassily")
    ann.start()
    author = bot.hears()["from"]
    assert (author["first_name"], author["username"]) == ("Wassily", "wassily_k")


def test_a_group_is_shared_and_names_its_speakers(admin_and_ann: tuple[Pane, Pane], bot: PlayedBot) -> None:
    admin, ann = admin_and_ann
    admin.choose(".chat-button", "New group")
    admin.find("input[name=title]").send_keys("Painters")
    for box in admin.all("input[name=member]:not(:checked)"):
        box.click()
    admin.find("form .primary").click()
    admin.browser.wait(lambda: admin.find(".chat-title").text == "Painters")
    ann.choose(".chat-button", "Painters")
    admin.say("hello everybody")
    row = ann.sees("hello everybody")
    assert "in" in str(row.get_attribute("class")).split()
    assert row.find_element(By.CSS_SELECTOR, ".author").text == "Admin"
    assert "out" in str(admin.sees("hello everybody").get_attribute("class")).split()


def test_news_in_another_chat_are_counted(admin_and_ann: tuple[Pane, Pane], bot: PlayedBot) -> None:
    admin, _ = admin_and_ann
    admin.choose(".chat-button", "New group")
    admin.find("input[name=title]").send_keys("Painters")
    admin.find("form .primary").click()
    admin.browser.wait(lambda: admin.find(".chat-title").text == "Painters")
    bot.says("psst", chat_id=ADMIN_ID)
    admin.browser.wait(lambda: admin.find(".chat-line .badge").text == "1")
    admin.choose(".chat-button", "private chat")
    admin.sees("psst")
    assert admin.all(".chat-line .badge:not(:empty)") == []


def test_the_columns_survive_a_reload(browser: Browser, sandbox: Sandbox, ann: Pane) -> None:
    browser.find("#add-pane").click()
    browser.wait(lambda: browser.panes() == 2)
    browser.open(sandbox.url)
    assert browser.panes() == 2


def test_a_person_without_a_bot_is_told_how_to_start_one(browser: Browser, sandbox: Sandbox) -> None:
    pane = browser.open(sandbox.url, ANN_ID).pane()
    browser.wait(lambda: sandbox.url in pane.find(".empty").text)
    PlayedBot(sandbox.loop, sandbox)
    pane.find(".start")
