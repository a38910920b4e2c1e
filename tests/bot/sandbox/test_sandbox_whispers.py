"""Ephemeral messages: one member of a group sees them and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot, types
from aiogram.exceptions import TelegramBadRequest

from bot.sandbox import server
from bot.sandbox.client import SandboxClient, SandboxRefused
from tests.bot.sandbox.sandbox_kit import OTHER_TOKEN, Clock, connect, picture


@pytest.fixture
async def bea(people: SandboxClient) -> types.User:
    return await people.create_user("Bea")


@pytest.fixture
async def group(bot: Bot, people: SandboxClient, ann: types.User, bea: types.User) -> types.Chat:
    await bot.get_me()
    return await people.create_group("Painters", [ann, bea])


@pytest.fixture
async def stranger(sandbox: server.RunningSandbox) -> AsyncIterator[Bot]:
    connected = connect(sandbox.url, OTHER_TOKEN)
    yield connected
    await connected.session.close()


def only(user: types.User, query_id: str | None = None) -> types.EphemeralMessageParameters:
    return types.EphemeralMessageParameters(receiver_user_id=user.id, callback_query_id=query_id)


def keyboard(data: str) -> types.InlineKeyboardMarkup:
    return types.InlineKeyboardMarkup(inline_keyboard=[[types.InlineKeyboardButton(text="Go", callback_data=data)]])


def ephemeral_id(message: types.Message) -> int:
    assert message.ephemeral_message_id is not None
    return message.ephemeral_message_id


async def test_only_the_receiver_sees_an_ephemeral_message(
    bot: Bot, people: SandboxClient, group: types.Chat, ann: types.User, bea: types.User
) -> None:
    await bot.send_message(group.id, "for all")
    whisper = await bot.send_message(group.id, "for Ann", ephemeral_message_parameters=only(ann))
    assert (whisper.message_id, whisper.receiver_user and whisper.receiver_user.id) == (0, ann.id)
    assert [one.text for one in await people.messages(group, viewer=ann)] == ["for all", "for Ann"]
    assert [one.text for one in await people.messages(group, viewer=bea)] == ["for all"]
    assert [one.text for one in await people.messages(group)] == ["for all", "for Ann"]


async def test_pictures_can_be_ephemeral_too(
    bot: Bot, people: SandboxClient, group: types.Chat, ann: types.User, bea: types.User
) -> None:
    file = types.BufferedInputFile(picture(), "one.png")
    await bot.send_photo(group.id, file, ephemeral_message_parameters=only(ann))
    assert len(await people.messages(group, viewer=ann)) == 1
    assert await people.messages(group, viewer=bea) == []


async def test_an_ephemeral_message_is_edited_and_deleted_by_its_own_methods(
    bot: Bot, people: SandboxClient, group: types.Chat, ann: types.User
) -> None:
    whisper = await bot.send_message(group.id, "one", ephemeral_message_parameters=only(ann))
    own_id = ephemeral_id(whisper)
    assert await bot.edit_ephemeral_message_text(group.id, ann.id, own_id, text="two", reply_markup=keyboard("go"))
    [shown] = await people.messages(group)
    assert (shown.text, shown.ephemeral_message_id) == ("two", own_id)
    assert await bot.edit_ephemeral_message_reply_markup(group.id, ann.id, own_id)
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_ephemeral_message_text(group.id, ann.id, own_id, text="two")
    photo = types.InputMediaPhoto(media=types.BufferedInputFile(picture(), "one.png"), caption="three")
    assert await bot.edit_ephemeral_message_media(group.id, ann.id, own_id, photo)
    assert await bot.edit_ephemeral_message_caption(group.id, ann.id, own_id, caption="four")
    assert [one.caption for one in await people.messages(group)] == ["four"]
    assert await bot.delete_ephemeral_message(group.id, ann.id, own_id)
    assert await people.messages(group) == []
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_ephemeral_message_text(group.id, ann.id, own_id, text="five")


async def test_ordinary_methods_do_not_find_ephemeral_messages(bot: Bot, group: types.Chat, ann: types.User) -> None:
    whisper = await bot.send_message(group.id, "one", ephemeral_message_parameters=only(ann))
    for message_id in (whisper.message_id, ephemeral_id(whisper)):
        with pytest.raises(TelegramBadRequest, match="message to edit not found"):
            await bot.edit_message_text("two", chat_id=group.id, message_id=message_id)
        with pytest.raises(TelegramBadRequest, match="message to delete not found"):
            await bot.delete_message(group.id, message_id)


async def test_a_bot_changes_only_what_it_wrote_to_that_user(
    bot: Bot, stranger: Bot, people: SandboxClient, group: types.Chat, ann: types.User, bea: types.User
) -> None:
    await stranger.get_me()
    shared = await people.create_group("Both", [ann, bea])
    own_id = ephemeral_id(await bot.send_message(shared.id, "one", ephemeral_message_parameters=only(ann)))
    for caller, receiver in ((stranger, ann), (bot, bea)):
        with pytest.raises(TelegramBadRequest, match="message to edit not found"):
            await caller.edit_ephemeral_message_text(shared.id, receiver.id, own_id, text="two")


async def test_a_press_on_an_ephemeral_message_brings_it_along(
    bot: Bot, people: SandboxClient, group: types.Chat, ann: types.User, bea: types.User
) -> None:
    sent = await bot.send_message(
        group.id, "Choose", reply_markup=keyboard("go"), ephemeral_message_parameters=only(ann)
    )
    pressed = await people.press(ann, sent, "Go")
    update = (await bot.get_updates())[-1]
    assert update.callback_query is not None
    assert isinstance(update.callback_query.message, types.Message)
    assert update.callback_query.message.ephemeral_message_id == sent.ephemeral_message_id
    answer = await bot.send_message(group.id, "Chosen", ephemeral_message_parameters=only(ann, pressed.id))
    assert answer.text == "Chosen"
    with pytest.raises(SandboxRefused) as refused:
        await people.press(bea, sent, "Go")
    assert refused.value.status == 404


async def test_what_cannot_be_whispered_is_refused(
    bot: Bot, people: SandboxClient, group: types.Chat, ann: types.User, bea: types.User, clock: Clock
) -> None:
    cleo = await people.create_user("Cleo")
    public = await bot.send_message(group.id, "Choose", reply_markup=keyboard("go"))
    by_bea = await people.press(bea, public, "Go")
    late = await people.press(ann, public, "Go")
    cases = [
        (ann.id, only(ann), "only to groups"),
        (group.id, only(cleo), "USER_NOT_PARTICIPANT"),
        (group.id, types.EphemeralMessageParameters(receiver_user_id=7), "user not found"),
        (group.id, only(ann, by_bea.id), "doesn't match"),
    ]
    for chat_id, parameters, reason in cases:
        with pytest.raises(TelegramBadRequest, match=reason):
            await bot.send_message(chat_id, "psst", ephemeral_message_parameters=parameters)
    clock.now += 16
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.send_message(group.id, "psst", ephemeral_message_parameters=only(ann, late.id))


async def test_a_viewer_is_not_told_of_what_others_alone_see(
    bot: Bot, people: SandboxClient, group: types.Chat, ann: types.User, bea: types.User
) -> None:
    async with people.http.get("/sandbox/events", params={"chat_id": group.id, "viewer_id": bea.id}) as events:
        whisper = await bot.send_message(group.id, "for Ann", ephemeral_message_parameters=only(ann))
        await bot.delete_ephemeral_message(group.id, ann.id, ephemeral_id(whisper))
        await bot.send_message(group.id, "for all")
        async for line in events.content:
            if line.startswith(b"data:"):
                break
    assert b"for all" in line
