"""Groups in the browser chat: what one person alone sees, reactions, buttons that are used up."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By

from tests.bot.sandbox_page.conftest import ADMIN_ID, ANN_ID, PlayedBot, Sandbox, key, picture
from tests.browser import Browser, Pane


@pytest.fixture
def group_id(sandbox: Sandbox, bot: PlayedBot) -> int:
    return sandbox.make_group("Painters", ADMIN_ID, ANN_ID)


@pytest.fixture
def both(browser: Browser, sandbox: Sandbox, group_id: int) -> tuple[Pane, Pane]:
    """Admin's and Ann's columns, both in the group."""
    browser.open(sandbox.url, ADMIN_ID, ANN_ID)
    panes = browser.pane(0), browser.pane(1)
    for pane in panes:
        pane.choose(".chat-button", "Painters")
    return panes


def test_an_ephemeral_message_is_shown_to_its_receiver_and_its_buttons_work(
    both: tuple[Pane, Pane], bot: PlayedBot, group_id: int
) -> None:
    admin, ann = both
    private = {"receiver_user_id": ANN_ID}
    bot.says("Settings for Ann", group_id, [[key("Flash", "flash")]], ephemeral_message_parameters=private)
    bot.says("for everybody", group_id)
    row = ann.sees("Settings for Ann")
    assert row.find_element(By.CSS_SELECTOR, ".whisper-mark").text == "Only you see this"
    admin.sees("for everybody")
    assert "Settings for Ann" not in admin.bubbles()
    ann.press("Flash")
    pressed = bot.is_pressed()
    whisper_id = pressed["message"]["ephemeral_message_id"]
    bot.answers(pressed, text="Saved")
    assert ann.toast() == "Saved"
    target = {"chat_id": group_id, "receiver_user_id": ANN_ID, "ephemeral_message_id": whisper_id}
    bot.call("editEphemeralMessageText", text="Saved: Flash", **target)
    ann.sees("Saved: Flash")
    bot.call("deleteEphemeralMessage", **target)
    ann.browser.wait(lambda: ann.bubbles() == ["for everybody"])


def test_a_heart_is_seen_by_everybody_and_told_to_an_administrator(
    both: tuple[Pane, Pane], bot: PlayedBot, group_id: int
) -> None:
    admin, ann = both
    bot.call("getUpdates", allowed_updates=["message", "message_reaction"])
    admin.choose(".chat-button", "Make the bot an administrator")
    bot.shows(picture(), group_id, caption="a red circle")
    row = ann.sees("a red circle")
    ann.browser.script("arguments[0].click()", row.find_element(By.CSS_SELECTOR, ".heart"))
    ann.browser.wait(lambda: ann.find(".chip.mine").text == "❤\ufe0f")
    admin.browser.wait(lambda: admin.find(".chip:not(.mine)").text == "❤\ufe0f")
    admin.message_menu(admin.sees("a red circle"), "🔥")
    ann.browser.wait(lambda: [chip.text for chip in ann.all(".chip")] == ["❤\ufe0f", "🔥"])
    ann.find(".chip.mine").click()
    ann.browser.wait(lambda: [chip.text for chip in ann.all(".chip")] == ["🔥"])


def test_a_used_button_is_grey_and_cannot_be_pressed(ann: Pane, bot: PlayedBot) -> None:
    bot.says("Done", keys=[[key("Refined", disabled={}), key("Again", "again")]])
    assert not ann.button("Refined").is_enabled()
    assert ann.button("Again").is_enabled()
