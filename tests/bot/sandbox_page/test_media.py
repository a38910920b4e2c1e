"""Pictures, albums, videos and files in the browser chat, both ways."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.bot.sandbox_page.conftest import ANN_ID, PlayedBot, picture
from tests.browser import Browser, Pane

pytestmark = pytest.mark.browser

DROP = """
const [target, kind, text] = arguments;
const data = new DataTransfer();
data.items.add(new File([text], 'notes.txt', {type: 'text/plain'}));
const manner = {bubbles: true, cancelable: true};
if (kind === 'paste') target.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, ...manner}));
else for (const name of ['dragenter', 'dragover', 'drop']) {
  target.dispatchEvent(new DragEvent(name, {dataTransfer: data, ...manner}));
}
"""


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "red.png", tmp_path / "green.png"]
    paths[0].write_bytes(picture("firebrick"))
    paths[1].write_bytes(picture("seagreen", width_px=900))
    return paths


def send_album(bot: PlayedBot, sizes_px: list[tuple[int, int]]) -> None:
    files = {
        f"p{number}": (f"p{number}.png", picture(width_px=width, height_px=height))
        for number, (width, height) in enumerate(sizes_px)
    }
    media = [{"type": "photo", "media": f"attach://{name}"} for name in files]
    media[0]["caption"] = "Four of them"
    bot.call("sendMediaGroup", files, chat_id=ANN_ID, media=media)


def test_a_photo_is_shown_at_its_shape_and_opens_large(browser: Browser, ann: Pane, bot: PlayedBot) -> None:
    bot.shows(picture(width_px=900, height_px=600), caption="wide")
    image = ann.sees_picture()
    tile = ann.find(".tile").rect
    assert tile["width"] / tile["height"] == pytest.approx(1.5, rel=0.02)
    ann.find(".tile-open").click()
    large = browser.find(".lightbox[open] img")
    browser.wait(lambda: browser.script("return arguments[0].naturalWidth", large) == 900)
    assert browser.find(".lightbox-caption").get_attribute("textContent") == "wide"
    assert large.get_attribute("src") != image.get_attribute("src") or large.rect["width"] > tile["width"]


def test_the_lightbox_obeys_the_keys(browser: Browser, ann: Pane, bot: PlayedBot) -> None:
    bot.shows(picture(), caption="first")
    bot.shows(picture("gold"), caption="second")
    ann.sees("second")
    ann.sees_picture()
    ann.all(".tile-open")[0].click()
    count = browser.find(".lightbox-count")
    browser.wait(lambda: count.text == "1 of 2")
    keys = browser.driver.switch_to.active_element
    keys.send_keys(Keys.ARROW_RIGHT)
    assert count.text == "2 of 2"
    browser.driver.switch_to.active_element.send_keys("+")
    assert "scale(1.5)" in str(browser.find(".lightbox-stage img").get_attribute("style"))
    download = browser.find(".lightbox-bar a")
    assert download.get_attribute("download") == "picture-{}.jpg".format(
        ann.all(".row")[1].get_attribute("data-message-id")
    )
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.wait(lambda: not browser.driver.find_elements(By.CSS_SELECTOR, ".lightbox[open]"))


def test_an_album_is_one_bubble_of_tiles_that_do_not_overlap(ann: Pane, bot: PlayedBot) -> None:
    send_album(bot, [(640, 640), (480, 640), (720, 480), (640, 360)])
    ann.sees("Four of them")
    ann.browser.wait(lambda: len(ann.all(".album .tile")) == 4)
    assert len(ann.all(".bubble")) == 1
    assert ann.bubbles() == ["Four of them"]
    boxes = [tile.rect for tile in ann.all(".album .tile")]
    covered = sum(box["width"] * box["height"] for box in boxes)
    whole = ann.find(".album").rect
    assert covered == pytest.approx(whole["width"] * whole["height"], rel=0.02)


def test_an_album_of_any_size_and_shape_fills_its_frame_exactly(browser: Browser, ann: Pane) -> None:
    shapes = [0.3, 1, 1.5, 4, 0.75]
    albums = [
        [shapes[(start + index) % len(shapes)] for index in range(count)]
        for count in range(2, 11)
        for start in range(5)
    ]
    source = """
      const [albums, done] = arguments;
      import('/static/mosaic.js').then(({ mosaic }) => done(JSON.stringify(albums.map(mosaic))));
    """
    for album, laid in zip(albums, json.loads(browser.driver.execute_async_script(source, albums)), strict=True):
        boxes = laid["boxes"]
        assert len(boxes) == len(album)
        assert sum(box["width"] * box["height"] for box in boxes) == pytest.approx(1)
        assert all(box["left"] + box["width"] <= 1.000001 and box["top"] + box["height"] <= 1.000001 for box in boxes)


def test_a_file_from_the_bot_offers_its_name_size_and_bytes(browser: Browser, ann: Pane, bot: PlayedBot) -> None:
    bot.call("sendDocument", {"document": ("circle.png", picture())}, chat_id=ANN_ID, caption="the original")
    link = ann.sees("the original").find_element(By.CSS_SELECTOR, "a.file")
    assert link.get_attribute("download") == "circle.png"
    assert "circle.png" in link.text
    assert "KB" in link.text
    source = "const [url, done] = arguments; fetch(url).then((r) => r.arrayBuffer()).then((b) => done(b.byteLength))"
    assert browser.driver.execute_async_script(source, link.get_attribute("href")) == len(picture())


def test_pictures_are_sent_as_an_album_with_one_caption(ann: Pane, bot: PlayedBot, pictures: list[Path]) -> None:
    ann.attach(*pictures)
    ann.find(".dialog textarea").send_keys("mix these")
    ann.find(".dialog .primary").click()
    first, second = bot.hears(), bot.hears()
    assert first["media_group_id"] == second["media_group_id"]
    assert (first["caption"], second.get("caption")) == ("mix these", None)
    assert max(size["width"] for size in second["photo"]) == 900
    ann.browser.wait(lambda: len(ann.all(".album .tile")) == 2)


def test_a_picture_can_be_sent_as_a_file(ann: Pane, bot: PlayedBot, pictures: list[Path]) -> None:
    ann.attach(pictures[0])
    ann.find(".segment input[value=true] + span").click()
    ann.find(".dialog .primary").click()
    heard = bot.hears()
    assert heard["document"]["file_name"] == "red.png"
    assert "photo" not in heard
    ann.browser.wait(lambda: ann.all("a.file"))


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_file_can_be_dropped_or_pasted(browser: Browser, ann: Pane, bot: PlayedBot, way: str) -> None:
    target = ann.box if way == "paste" else ann.find(".pane-body")
    browser.script(DROP, target, way, "three ideas")
    ann.find(".dialog .primary").click()
    document = bot.hears()["document"]
    assert (document["file_name"], document["file_size"]) == ("notes.txt", len("three ideas"))


def test_a_file_can_be_left_out_before_sending(ann: Pane, bot: PlayedBot, pictures: list[Path]) -> None:
    ann.attach(*pictures)
    ann.find('[aria-label="Leave out red.png"]').click()
    ann.find(".dialog .primary").click()
    assert max(size["width"] for size in bot.hears()["photo"]) == 900
    ann.browser.wait(lambda: not ann.all(".dialog"))
    assert len(ann.all(".row")) == 1


def test_a_hidden_picture_is_veiled_until_it_is_pressed(ann: Pane, bot: PlayedBot) -> None:
    bot.shows(picture(), has_spoiler=True)
    ann.find(".veil").click()
    assert ann.all(".veil, .veiled") == []
