"""Talking to a bot in the browser chat: text, buttons, answers, edits."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.bot.sandbox_page.conftest import ANN_ID, PlayedBot, Sandbox, key, picture
from tests.browser import Browser, Pane

pytestmark = pytest.mark.browser


def test_start_sends_the_start_command_and_the_answer_appears(ann: Pane, bot: PlayedBot) -> None:
    ann.start()
    assert bot.hears()["text"] == "/start"
    bot.says("Hello, Ann")
    ann.sees("Hello, Ann")
    assert ann.bubbles() == ["/start", "Hello, Ann"]


def test_enter_sends_and_shift_enter_breaks_the_line(ann: Pane, bot: PlayedBot) -> None:
    ann.say("a red circle\non a blue ground")
    assert bot.hears()["text"] == "a red circle\non a blue ground"
    assert ann.box.get_attribute("value") == ""


def test_markup_in_a_text_stays_text(ann: Pane, bot: PlayedBot) -> None:
    hostile = "<img src=x onerror=document.title='owned'><b>bold</b>"
    ann.say(hostile)
    bot.hears()
    bot.says(f"You wrote {hostile}")
    ann.sees("You wrote")
    assert ann.bubbles() == [hostile, f"You wrote {hostile}"]
    assert ann.all(".text img, .text b") == []


def test_a_pressed_button_waits_until_the_bot_answers_with_a_toast(ann: Pane, bot: PlayedBot) -> None:
    bot.says("Ready?", keys=[[key("Paint", "go", style="success"), key("Stop", "stop", style="danger")]])
    assert "key-danger" in str(ann.button("Stop").get_attribute("class"))
    ann.press("Paint")
    query = bot.is_pressed()
    assert query["data"] == "go"
    assert ann.button("Paint").get_attribute("aria-busy") == "true"
    bot.answers(query, text="On it")
    assert ann.toast() == "On it"
    ann.browser.wait(lambda: ann.button("Paint").get_attribute("aria-busy") is None)


def test_an_alert_stays_until_it_is_closed(ann: Pane, bot: PlayedBot) -> None:
    bot.says("Careful", keys=[[key("Delete", "delete")]])
    ann.press("Delete")
    bot.answers(bot.is_pressed(), text="This cannot be undone.", show_alert=True)
    assert "This cannot be undone." in ann.dialog()
    ann.browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    ann.browser.wait(lambda: not ann.all(".dialog"))


def test_a_status_is_edited_in_place_and_becomes_the_picture(ann: Pane, bot: PlayedBot) -> None:
    ann.say("a red circle")
    bot.hears()
    status = bot.says("1st in line", keys=[[key("Cancel", "cancel")]])
    row = ann.sees("1st in line")
    place = row.get_attribute("data-message-id")
    bot.call("editMessageText", chat_id=ANN_ID, message_id=status, text="step 12 of 25")
    assert ann.sees("step 12 of 25").get_attribute("data-message-id") == place
    bot.call(
        "editMessageMedia",
        {"result": ("result.png", picture())},
        chat_id=ANN_ID,
        message_id=status,
        media={"type": "photo", "media": "attach://result", "caption": "a red circle"},
        reply_markup={"inline_keyboard": [[key("Again", "again")]]},
    )
    ann.sees_picture()
    assert ann.sees("a red circle").get_attribute("data-message-id") == place
    assert ann.buttons() == ["Again"]
    assert ann.bubbles() == ["a red circle", "a red circle"]
    assert "edited" in ann.all(".row")[-1].text


def test_an_edit_below_does_not_move_what_is_being_read(ann: Pane, bot: PlayedBot) -> None:
    for number in range(8):
        bot.says(f"line {number}\n" * 5)
    last = bot.says("working")
    ann.sees("working")
    scroller = ann.find(".scroller")
    ann.browser.script("arguments[0].scrollTop = 40", scroller)
    ann.browser.wait(lambda: "visible" in str(ann.find(".jump-down").get_attribute("class")))
    before = ann.all(".row")[2].rect["y"]
    edit = {"type": "photo", "media": "attach://result"}
    bot.call("editMessageMedia", {"result": ("r.png", picture())}, chat_id=ANN_ID, message_id=last, media=edit)
    ann.browser.wait(lambda: ann.all(".tile"))
    assert ann.all(".row")[2].rect["y"] == before


def test_the_list_stays_at_the_bottom_when_the_last_message_grows(ann: Pane, bot: PlayedBot) -> None:
    last = bot.says("short")
    ann.sees("short")
    bot.call("editMessageText", chat_id=ANN_ID, message_id=last, text="long\n" * 60)
    ann.browser.wait(lambda: "long" in ann.bubbles()[-1])
    gap = "const s = arguments[0]; return s.scrollHeight - s.scrollTop - s.clientHeight"
    ann.browser.wait(lambda: abs(float(str(ann.browser.script(gap, ann.find(".scroller"))))) < 2)


def test_messages_that_came_while_reading_above_are_counted_and_marked(ann: Pane, bot: PlayedBot) -> None:
    for number in range(8):
        bot.says(f"line {number}\n" * 5)
    ann.sees("line 7")
    ann.browser.script("arguments[0].scrollTop = 0", ann.find(".scroller"))
    ann.browser.wait(lambda: "visible" in str(ann.find(".jump-down").get_attribute("class")))
    bot.says("news one")
    bot.says("news two")
    ann.browser.wait(lambda: ann.find(".jump-down .badge").text == "2")
    assert ann.find(".divider.unread").text == "New messages"
    ann.find(".jump-down").click()
    ann.browser.wait(lambda: "visible" not in str(ann.find(".jump-down").get_attribute("class")))


def test_a_deleted_message_leaves(ann: Pane, bot: PlayedBot) -> None:
    bot.says("stays")
    gone = bot.says("goes")
    ann.sees("goes")
    bot.call("deleteMessage", chat_id=ANN_ID, message_id=gone)
    ann.browser.wait(lambda: ann.bubbles() == ["stays"])


def test_the_head_tells_what_the_bot_does(ann: Pane, bot: PlayedBot) -> None:
    ann.browser.wait(lambda: ann.status() == "bot")
    bot.call("sendChatAction", chat_id=ANN_ID, action="upload_photo")
    ann.browser.wait(lambda: ann.status() == "sending a picture")
    bot.says("Here")
    ann.browser.wait(lambda: ann.status() == "bot")


def test_commands_are_offered_filtered_and_sent(ann: Pane, bot: PlayedBot) -> None:
    commands = [{"command": "help", "description": "What I can do"}, {"command": "queue", "description": "Your line"}]
    bot.call("setMyCommands", commands=commands)
    ann.box.send_keys("/")
    ann.browser.wait(lambda: len(ann.all(".command")) == 2)
    ann.box.send_keys("q")
    ann.browser.wait(lambda: [each.text for each in ann.all(".command-name")] == ["/queue"])
    ann.box.send_keys(Keys.ENTER)
    assert bot.hears()["text"] == "/queue"


def test_the_commands_button_lists_all(ann: Pane, bot: PlayedBot) -> None:
    bot.call("setMyCommands", commands=[{"command": "help", "description": "What I can do"}])
    ann.find(".commands-button").click()
    ann.browser.wait(lambda: ann.all(".command"))
    ann.all(".command")[0].click()
    assert bot.hears()["text"] == "/help"


def test_a_reply_names_its_message_on_both_sides(ann: Pane, bot: PlayedBot) -> None:
    asked = bot.says("Which colour?")
    ann.message_menu(ann.sees("Which colour?"), "Reply")
    assert "Which colour?" in ann.find(".reply-bar").text
    ann.say("Red")
    heard = bot.hears()
    assert heard["reply_to_message"]["message_id"] == asked
    assert "Which colour?" in ann.sees("Red").find_element(By.CSS_SELECTOR, ".quote").text


def test_formatting_is_drawn_and_nested(ann: Pane, bot: PlayedBot) -> None:
    html = (
        "<b>bold <i>both</i></b> <u>under</u> <s>gone</s> <code>x = 1</code> <tg-spoiler>secret</tg-spoiler> "
        '<a href="https://example.org/a">link</a><blockquote>quoted</blockquote>\n<pre>block</pre> 😀 <b>after</b>'
    )
    bot.says(html, parse_mode="HTML")
    row = ann.sees("both")
    texts = {
        css: row.find_element(By.CSS_SELECTOR, css).get_attribute("textContent")
        for css in (
            "strong",
            "strong em",
            "u",
            "s",
            "code.code",
            ".spoiler",
            "a",
            "blockquote",
            "pre",
            "strong:last-of-type",
        )
    }
    assert texts == {
        "strong": "bold both",
        "strong em": "both",
        "u": "under",
        "s": "gone",
        "code.code": "x = 1",
        ".spoiler": "secret",
        "a": "link",
        "blockquote": "quoted",
        "pre": "block",
        "strong:last-of-type": "after",
    }
    assert row.find_element(By.CSS_SELECTOR, "a").get_attribute("rel") == "noopener noreferrer"


def test_a_command_in_a_text_can_be_pressed(ann: Pane, bot: PlayedBot) -> None:
    bot.says("Try /help now")
    ann.sees("Try").find_element(By.CSS_SELECTOR, ".linkish").click()
    assert bot.hears()["text"] == "/help"


def test_an_error_of_the_sandbox_is_told_and_the_text_is_kept(browser: Browser, ann: Pane) -> None:
    browser.expected_errors.append("400")
    ann.box.send_keys("x")
    browser.script("arguments[0].value = 'y'.repeat(4097); arguments[0].dispatchEvent(new Event('input'))", ann.box)
    ann.find(".submit").click()
    assert "too long" in ann.toast()
    browser.wait(lambda: len(str(ann.box.get_attribute("value"))) == 4097)


def test_link_buttons_are_links_and_scripts_are_not(ann: Pane, bot: PlayedBot) -> None:
    bot.says("See", keys=[[key("Site", url="https://example.org/page")]])
    link = ann.button("Site")
    assert (link.tag_name, link.get_attribute("href")) == ("a", "https://example.org/page")
    assert link.get_attribute("rel") == "noopener noreferrer"
    safe = "const done = arguments[1]; import('/static/entities.js').then((m) => done(m.safeUrl(arguments[0])))"
    for hostile in ("javascript:alert(1)", "data:text/html,x", "JaVaScRiPt:alert(1)", "file:///etc/passwd", ""):
        assert ann.browser.driver.execute_async_script(safe, hostile) is None


def test_a_copy_button_copies(ann: Pane, bot: PlayedBot) -> None:
    bot.says("Seed", keys=[[key("Copy", copy_text={"text": "--seed 7"})]])
    ann.press("Copy")
    assert ann.toast() == "Copied"
    ann.box.send_keys(Keys.CONTROL, "v")
    assert ann.box.get_attribute("value") == "--seed 7"


def test_a_long_chat_is_drawn_in_parts(browser: Browser, sandbox: Sandbox, bot: PlayedBot) -> None:
    sandbox.write_many(ANN_ID, [f"note {number}" for number in range(180)])
    ann = browser.open(sandbox.url, ANN_ID).pane()
    ann.sees("note 179")
    assert "note 29" not in ann.bubbles()
    browser.script("arguments[0].click()", ann.find(".more"))
    browser.wait(lambda: ann.bubbles()[0] == "note 0")
    assert len(ann.bubbles()) == 180
