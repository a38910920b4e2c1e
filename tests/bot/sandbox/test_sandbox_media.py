from __future__ import annotations

import io
from typing import Any

import aiohttp
import pytest
from aiogram import Bot, types
from aiogram.exceptions import TelegramBadRequest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from bot.sandbox.client import SandboxClient
from tests.bot.sandbox.sandbox_kit import TOKEN, clip, noise, picture


def upload(content: bytes, name: str = "file.png") -> types.BufferedInputFile:
    return types.BufferedInputFile(content, name)


def size_of(jpeg: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(jpeg)) as image:
        return image.size


async def test_a_photo_comes_in_telegrams_sizes_and_the_largest_keeps_its_measures(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    sent = await bot.send_photo(ann.id, upload(picture(1200, 600)), caption="<i>red</i>", parse_mode="HTML")
    assert [(size.width, size.height) for size in sent.photo or []] == [(90, 45), (320, 160), (800, 400), (1200, 600)]
    assert sent.caption == "red"
    largest = (sent.photo or [])[-1]
    shown = await people.download(largest.file_id)
    assert size_of(shown) == (1200, 600)
    assert len(shown) == largest.file_size
    file = await bot.get_file(largest.file_id)
    fetched = await bot.download_file(file.file_path or "")
    assert fetched is not None
    assert fetched.read() == shown
    assert file.file_unique_id == largest.file_unique_id


async def test_a_small_photo_has_one_size(bot: Bot, ann: types.User) -> None:
    sent = await bot.send_photo(ann.id, upload(picture(64, 48)))
    assert [(size.width, size.height) for size in sent.photo or []] == [(64, 48)]


async def test_photos_lose_metadata_and_are_turned_upright(people: SandboxClient, ann: types.User) -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: a quarter turn
    Image.new("RGB", (60, 40), "green").save(buffer, "JPEG", exif=exif)
    said = await people.send_photo(ann, buffer.getvalue())
    stored = await people.download((said.photo or [])[-1].file_id)
    with Image.open(io.BytesIO(stored)) as image:
        assert image.size == (40, 60)
        assert not image.getexif()


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", "file must be non-empty"),
        (b"not a picture", "IMAGE_PROCESS_FAILED"),
        (picture(9000, 1001), "PHOTO_INVALID_DIMENSIONS"),
        (picture(630, 30), "PHOTO_INVALID_DIMENSIONS"),
        (noise(1900, 1900), "is too big for a photo"),
    ],
    ids=["empty", "broken", "too large", "too narrow", "too heavy"],
)
async def test_photos_that_telegram_refuses(
    bot: Bot, people: SandboxClient, ann: types.User, content: bytes, refusal: str
) -> None:
    with pytest.raises(TelegramBadRequest, match=refusal):
        await bot.send_photo(ann.id, upload(content))
    assert await people.messages(ann) == []


async def test_a_photo_at_the_limits_is_taken(bot: Bot, ann: types.User) -> None:
    sent = await bot.send_photo(ann.id, upload(picture(9500, 500)))
    assert max(size.width for size in sent.photo or []) == 2560


async def test_a_caption_may_have_1024_characters(bot: Bot, ann: types.User) -> None:
    await bot.send_photo(ann.id, upload(picture()), caption="я" * 1024)
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await bot.send_photo(ann.id, upload(picture()), caption="я" * 1025)


async def test_a_document_keeps_its_bytes_and_name(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    original = picture(400, 300)
    sent = await bot.send_document(ann.id, upload(original, "../../круг.png"))
    assert sent.document is not None
    assert sent.document.file_name == "круг.png"
    assert sent.document.mime_type == "image/png"
    assert sent.document.thumbnail is not None
    assert sent.document.thumbnail.width == 320
    assert await people.download(sent.document.file_id) == original


async def test_a_video_tells_its_measures_and_has_a_thumbnail(bot: Bot, ann: types.User) -> None:
    sent = await bot.send_video(ann.id, upload(clip(seconds=2), "a.mp4"))
    assert sent.video is not None
    assert (sent.video.width, sent.video.height, sent.video.duration) == (64, 48, 2)
    assert sent.video.thumbnail is not None


async def test_an_animation_is_shown_as_a_document_too(bot: Bot, ann: types.User) -> None:
    sent = await bot.send_animation(ann.id, upload(clip(), "a.mp4"))
    assert sent.animation is not None
    assert sent.document is not None
    assert sent.content_type == "animation"


async def test_a_video_that_cannot_be_decoded_becomes_a_document(bot: Bot, ann: types.User) -> None:
    sent = await bot.send_video(ann.id, upload(b"garbage", "a.mp4"))
    assert sent.video is None
    assert sent.document is not None


async def test_media_can_be_sent_again_by_its_id_but_only_as_what_it_is(bot: Bot, ann: types.User) -> None:
    photo = (await bot.send_photo(ann.id, upload(picture(400, 400)))).photo or []
    document = (await bot.send_document(ann.id, upload(b"text", "a.txt"))).document
    video = (await bot.send_video(ann.id, upload(clip(), "a.mp4"))).video
    assert document is not None
    assert video is not None
    assert (await bot.send_photo(ann.id, photo[0].file_id)).photo == photo
    assert (await bot.send_document(ann.id, document.file_id)).document == document
    assert (await bot.send_video(ann.id, video.file_id)).video == video
    with pytest.raises(TelegramBadRequest, match="can't use file of type Document as Photo"):
        await bot.send_photo(ann.id, document.file_id)
    with pytest.raises(TelegramBadRequest, match="wrong file identifier"):
        await bot.send_photo(ann.id, "AgACAgInothing")


async def test_a_status_text_turns_into_the_picture_in_place(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    status = await bot.send_message(ann.id, "3rd in line")
    await bot.edit_message_media(
        types.InputMediaPhoto(media=upload(picture()), caption="<b>done</b>", parse_mode="HTML"),
        chat_id=ann.id,
        message_id=status.message_id,
    )
    [shown] = await people.messages(ann)
    assert shown.message_id == status.message_id
    assert shown.text is None
    assert shown.photo is not None
    assert shown.caption == "done"
    with pytest.raises(TelegramBadRequest, match="there is no text in the message to edit"):
        await bot.edit_message_text("back", chat_id=ann.id, message_id=status.message_id)
    same = types.InputMediaPhoto(media=shown.photo[-1].file_id, caption="<b>done</b>", parse_mode="HTML")
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_media(same, chat_id=ann.id, message_id=status.message_id)


async def test_an_album_is_several_messages_of_one_group(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    item = types.InputMediaPhoto(media=upload(picture()))
    captioned = types.InputMediaPhoto(media=upload(picture(colour="blue")), caption="all")
    sent = await bot.send_media_group(ann.id, [captioned, item, types.InputMediaVideo(media=upload(clip(), "a.mp4"))])
    seen = await people.messages(ann)
    assert [message.message_id for message in seen] == [message.message_id for message in sent]
    assert len({message.media_group_id for message in seen}) == 1
    assert [message.content_type for message in seen] == ["photo", "photo", "video"]
    assert [message.caption for message in seen] == ["all", None, None]


@pytest.mark.parametrize("count", [1, 11])
async def test_albums_have_two_to_ten_items(bot: Bot, ann: types.User, count: int) -> None:
    items: list[Any] = [types.InputMediaPhoto(media=upload(picture()))] * count
    with pytest.raises(TelegramBadRequest, match="from 2 to 10"):
        await bot.send_media_group(ann.id, items)


async def test_an_album_with_one_bad_item_sends_nothing(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    good, bad = types.InputMediaPhoto(media=upload(picture())), types.InputMediaPhoto(media=upload(b"bad"))
    with pytest.raises(TelegramBadRequest, match="IMAGE_PROCESS_FAILED"):
        await bot.send_media_group(ann.id, [good, bad])
    with pytest.raises(TelegramBadRequest, match="document can't be mixed"):
        await bot.send_media_group(ann.id, [good, types.InputMediaDocument(media=upload(b"text"))])
    assert await people.messages(ann) == []


async def test_an_album_may_refer_to_one_upload_twice(people: SandboxClient, ann: types.User) -> None:
    form = aiohttp.FormData({"chat_id": str(ann.id)})
    form.add_field("media", '[{"type":"document","media":"attach://a"},{"type":"document","media":"attach://a"}]')
    form.add_field("a", io.BytesIO(b"text"), filename="a.txt")
    async with people.http.post(f"/bot{TOKEN}/sendMediaGroup", data=form) as response:
        assert response.status == 200
    sent = [message.document for message in await people.messages(ann)]
    assert [await people.download(document.file_id) for document in sent if document] == [b"text", b"text"]


async def test_a_file_over_20_mb_is_shown_but_not_given_to_the_bot(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    said = await people.send_document(ann, b"x" * (20 * 1024 * 1024 + 1), name="large.bin")
    assert said.document is not None
    with pytest.raises(TelegramBadRequest, match="file is too big"):
        await bot.get_file(said.document.file_id)


async def test_an_upload_over_50_mb_is_cut_off(people: SandboxClient, ann: types.User) -> None:
    form = aiohttp.FormData({"chat_id": str(ann.id)})
    form.add_field("document", io.BytesIO(b"x" * (50 * 1024 * 1024 + 1)), filename="huge.bin")
    async with people.http.post(f"/bot{TOKEN}/sendDocument", data=form) as response:
        assert response.status == 413
        assert (await response.json())["description"] == "Request Entity Too Large"


async def test_a_photo_can_be_sent_by_its_address(bot: Bot, ann: types.User) -> None:
    async def serve(request: web.Request) -> web.Response:
        return web.Response(body=picture(100, 50), content_type="image/png")

    app = web.Application()
    app.router.add_get("/red.png", serve)
    async with TestServer(app) as elsewhere:
        sent = await bot.send_photo(ann.id, str(elsewhere.make_url("/red.png")))
        assert (sent.photo or [])[-1].width == 100
        with pytest.raises(TelegramBadRequest, match="failed to get HTTP URL content"):
            await bot.send_photo(ann.id, str(elsewhere.make_url("/blue.png")))


async def test_the_user_sends_an_album_and_the_bot_gets_its_pictures(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    await people.send_photo(ann, picture(), caption="first", album="trip")
    await people.send_photo(ann, picture(colour="blue"), album="trip")
    updates = await bot.get_updates()
    assert [update.message.media_group_id for update in updates if update.message] == ["trip", "trip"]
