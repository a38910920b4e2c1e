from __future__ import annotations

import aiohttp
import pytest
from aiogram import Bot, types
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter

from bot.sandbox.client import SandboxClient, labels
from tests.bot.sandbox.sandbox_kit import TOKEN, Clock


def keyboard(*rows: list[types.InlineKeyboardButton]) -> types.InlineKeyboardMarkup:
    return types.InlineKeyboardMarkup(inline_keyboard=list(rows))


def button(text: str = "Go", **action: object) -> types.InlineKeyboardButton:
    return types.InlineKeyboardButton(text=text, **action)


async def test_a_sent_text_is_seen_by_the_user_with_its_entities_and_buttons(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    asked = await people.say(ann, "/start please")
    assert [(entity.type, entity.length) for entity in asked.entities or []] == [("bot_command", 6)]
    sent = await bot.send_message(
        ann.id,
        " <b>Hello</b> &lt;Ann&gt; ",
        parse_mode="HTML",
        reply_to_message_id=asked.message_id,
        reply_markup=keyboard([button(callback_data="go", style="success")], [button("Site", url="https://a.example")]),
    )
    seen = await people.wait_for(ann, lambda message: message.reply_markup, after=asked)
    assert seen.model_dump() == sent.model_dump()
    assert seen.text == "Hello <Ann>"
    assert [(entity.type, entity.offset, entity.length) for entity in seen.entities or []] == [("bold", 0, 5)]
    assert seen.reply_to_message is not None
    assert seen.reply_to_message.message_id == asked.message_id
    assert labels(seen) == ["Go", "Site"]
    assert seen.reply_markup is not None
    assert seen.reply_markup.inline_keyboard[0][0].style == "success"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "message text is empty"),
        ("  \n ", "message text is empty"),
        ("x" * 4097, "message is too long"),
        ("<b>open", "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ("1 < 2", "can't parse entities: Unsupported start tag"),
    ],
)
async def test_texts_that_telegram_refuses(bot: Bot, ann: types.User, text: str, refusal: str) -> None:
    with pytest.raises(TelegramBadRequest) as refused:
        await bot.send_message(ann.id, text, parse_mode="HTML")
    assert refusal in str(refused.value)


async def test_the_length_is_counted_after_the_markup_is_parsed(bot: Bot, ann: types.User) -> None:
    sent = await bot.send_message(ann.id, f"<b>{'x' * 4096}</b>", parse_mode="HTML")
    assert len(sent.text or "") == 4096


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        (button(callback_data="я" * 33), "BUTTON_DATA_INVALID"),
        (button(), "Text buttons are unallowed"),
        (button(url="nonsense"), "Wrong HTTP URL"),
        (button(callback_data="x", style="pink"), "invalid button style"),
        (button(web_app=types.WebAppInfo(url="http://far.example")), "Only HTTPS links are allowed"),
    ],
)
async def test_buttons_that_telegram_refuses(
    bot: Bot, ann: types.User, wrong: types.InlineKeyboardButton, refusal: str
) -> None:
    with pytest.raises(TelegramBadRequest) as refused:
        await bot.send_message(ann.id, "hi", reply_markup=keyboard([wrong]))
    assert refusal in str(refused.value)


async def test_callback_data_of_exactly_64_bytes_is_taken(bot: Bot, ann: types.User) -> None:
    sent = await bot.send_message(ann.id, "hi", reply_markup=keyboard([button(callback_data="я" * 32)]))
    assert labels(sent) == ["Go"]


async def test_an_edit_must_change_something_and_drops_buttons_that_it_does_not_repeat(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    sent = await bot.send_message(ann.id, "hi", reply_markup=keyboard([button(callback_data="go")]))
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text(
            "hi", chat_id=ann.id, message_id=sent.message_id, reply_markup=keyboard([button(callback_data="go")])
        )
    edited = await bot.edit_message_text("hi", chat_id=ann.id, message_id=sent.message_id)
    assert isinstance(edited, types.Message)
    assert edited.reply_markup is None
    assert edited.edit_date is not None
    assert (await people.messages(ann))[-1].message_id == sent.message_id


async def test_only_own_messages_that_exist_can_be_edited(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    said = await people.say(ann, "mine")
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await bot.edit_message_text("yours?", chat_id=ann.id, message_id=said.message_id)
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("nothing", chat_id=ann.id, message_id=said.message_id + 1)
    sent = await bot.send_message(ann.id, "text")
    with pytest.raises(TelegramBadRequest, match="there is no caption"):
        await bot.edit_message_caption(chat_id=ann.id, message_id=sent.message_id, caption="?")


async def test_deleted_messages_are_left_out_and_old_ones_stay(
    bot: Bot, people: SandboxClient, ann: types.User, clock: Clock
) -> None:
    sent = await bot.send_message(ann.id, "soon gone")
    await bot.delete_message(ann.id, sent.message_id)
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_message(ann.id, sent.message_id)
    old = await bot.send_message(ann.id, "old")
    clock.now += 49 * 3600
    with pytest.raises(TelegramBadRequest, match="message can't be deleted"):
        await bot.delete_message(ann.id, old.message_id)
    assert [message.text for message in await people.messages(ann)] == ["old"]


async def test_a_reply_needs_its_message_unless_the_bot_says_otherwise(bot: Bot, ann: types.User) -> None:
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await bot.send_message(ann.id, "re", reply_parameters=types.ReplyParameters(message_id=999))
    lenient = types.ReplyParameters(message_id=999, allow_sending_without_reply=True)
    assert (await bot.send_message(ann.id, "re", reply_parameters=lenient)).reply_to_message is None


async def test_a_blocked_bot_and_an_unknown_chat_are_refused(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    await bot.get_me()
    await people.block(ann)
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(ann.id, "hi")
    await people.block(ann, blocked=False)
    await bot.send_message(ann.id, "hi again")
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(987654, "hi")
    changes = [update.my_chat_member.new_chat_member.status for update in await bot.get_updates()]
    assert changes == ["kicked", "member"]


async def test_forwards_and_copies_carry_the_content(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    bea = await people.create_user("Bea")
    said = await people.say(ann, "a thought")
    forwarded = await bot.forward_message(bea.id, ann.id, said.message_id)
    copied = await bot.copy_message(bea.id, ann.id, said.message_id)
    assert isinstance(forwarded.forward_origin, types.MessageOriginUser)
    assert forwarded.forward_origin.sender_user.id == ann.id
    assert [message.text for message in await people.messages(bea)] == ["a thought", "a thought"]
    assert copied.message_id == forwarded.message_id + 1


async def test_a_burst_is_allowed_and_then_one_message_a_second(bot: Bot, ann: types.User, clock: Clock) -> None:
    for number in range(20):
        await bot.send_message(ann.id, str(number))
    with pytest.raises(TelegramRetryAfter) as refused:
        await bot.send_message(ann.id, "too fast")
    assert refused.value.retry_after == 1
    clock.now += 1
    await bot.send_message(ann.id, "in time")


ENCODINGS = ("query", "json", "form", "multipart")


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_other_frameworks_may_encode_a_call_as_they_like(
    people: SandboxClient, ann: types.User, encoding: str
) -> None:
    body = {"chat_id": str(ann.id), "text": "héllo", "disable_notification": "true"}
    url = f"/bot{TOKEN}/SendMessage"
    if encoding == "query":
        response = await people.http.get(url, params=body)
    elif encoding == "json":
        response = await people.http.post(url, json={**body, "chat_id": ann.id, "disable_notification": True})
    elif encoding == "form":
        response = await people.http.post(url, data=body)
    else:
        writer = aiohttp.MultipartWriter("form-data")
        for name, value in body.items():
            writer.append(value).set_content_disposition("form-data", name=name)
        response = await people.http.post(url, data=writer)
    answer = await response.json()
    assert answer["ok"], answer
    assert answer["result"]["text"] == "héllo"
    recorded = (await people.calls("sendMessage"))[0]
    assert recorded.status == 200
    assert recorded.parameters == {"chat_id": ann.id, "text": "héllo", "disable_notification": True}


@pytest.mark.parametrize(
    ("path", "status", "description"),
    [
        ("/bot42:short/getMe", 401, "Unauthorized"),
        ("/botnonsense/getMe", 404, "Not Found"),
        (f"/bot{TOKEN}/paintMe", 404, "Not Found"),
        (f"/bot{TOKEN}/sendGift", 501, "sandbox: method sendGift is not implemented"),
        (f"/bot{TOKEN}/sendMessage", 400, "Bad Request: chat_id is empty"),
        (f"/bot{TOKEN}/sendMessage?chat_id=1", 400, "Bad Request: message text is empty"),
        (f"/bot{TOKEN}/sendMessage?chat_id=1&text=a&reply_markup=[", 400, "Bad Request: can't parse reply_markup"),
        (f"/bot{TOKEN}/sendPhoto?chat_id=1", 400, "Bad Request: there is no photo in the request"),
        (f"/bot{TOKEN}/editMessageText?chat_id=1&text=a&message_id=x", 400, "Bad Request: can't parse message_id"),
    ],
)
async def test_refusals_of_raw_requests(people: SandboxClient, path: str, status: int, description: str) -> None:
    response = await people.http.get(path)
    body = await response.json()
    assert response.status == status
    assert body["ok"] is False
    assert body["error_code"] == status
    assert body["description"].startswith(description)
