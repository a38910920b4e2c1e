from __future__ import annotations

import pytest
from aiogram import Bot, types
from aiogram.exceptions import TelegramBadRequest

from bot.sandbox.client import SandboxClient, SandboxRefused
from tests.bot.sandbox.sandbox_kit import Clock


@pytest.fixture
async def offer(bot: Bot, ann: types.User) -> types.Message:
    row = [types.InlineKeyboardButton(text="Paint again", callback_data="again:7")]
    return await bot.send_message(ann.id, "Done", reply_markup=types.InlineKeyboardMarkup(inline_keyboard=[row]))


async def test_a_press_reaches_the_bot_and_its_answer_reaches_the_user(
    bot: Bot, people: SandboxClient, ann: types.User, offer: types.Message
) -> None:
    pressed = await people.press(ann, offer, "Paint again")
    [update] = await bot.get_updates()
    query = update.callback_query
    assert query is not None
    assert query.data == "again:7"
    assert query.from_user.id == ann.id
    assert isinstance(query.message, types.Message)
    assert query.message.message_id == offer.message_id
    assert await people.answer(pressed) is None
    await bot.answer_callback_query(query.id, text="Painting", show_alert=True)
    answer = await people.wait_for_answer(pressed)
    assert (answer.text, answer.show_alert, answer.url) == ("Painting", True, None)


async def test_an_answer_in_time_is_taken_and_a_late_one_refused(
    bot: Bot, people: SandboxClient, ann: types.User, offer: types.Message, clock: Clock
) -> None:
    in_time = await people.press(ann, offer, "Paint again")
    clock.now += 15
    await bot.answer_callback_query(in_time.id)
    late = await people.press(ann, offer, "Paint again")
    clock.now += 15.1
    with pytest.raises(TelegramBadRequest, match="query is too old and response timeout expired"):
        await bot.answer_callback_query(late.id)
    assert await people.answer(late) is None


async def test_the_first_answer_is_the_one_that_the_user_sees(
    bot: Bot, people: SandboxClient, ann: types.User, offer: types.Message
) -> None:
    pressed = await people.press(ann, offer, "Paint again")
    await bot.answer_callback_query(pressed.id, text="first")
    await bot.answer_callback_query(pressed.id, text="second")
    assert (await people.wait_for_answer(pressed)).text == "first"


async def test_answers_are_at_most_200_characters_and_queries_must_exist(bot: Bot) -> None:
    with pytest.raises(TelegramBadRequest, match="MESSAGE_TOO_LONG"):
        await bot.answer_callback_query("1", text="x" * 201)
    with pytest.raises(TelegramBadRequest, match="query ID is invalid"):
        await bot.answer_callback_query("1")


async def test_forged_data_is_delivered_as_any_client_could_send_it(
    bot: Bot, people: SandboxClient, ann: types.User, offer: types.Message
) -> None:
    await people.press(ann, offer, "drop table")
    [update] = await bot.get_updates()
    assert update.callback_query is not None
    assert update.callback_query.data == "drop table"


async def test_presses_that_no_client_can_make_are_refused(
    bot: Bot, people: SandboxClient, ann: types.User, offer: types.Message
) -> None:
    said = await people.say(ann, "no buttons here")
    bea = await people.create_user("Bea")
    for user, message, data, status in (
        (ann, said, "x", 400),
        (bea, offer, "x", 403),
        (ann, offer, "я" * 33, 400),
        (ann, offer.model_copy(update={"message_id": 999}), "x", 404),
    ):
        with pytest.raises(SandboxRefused) as refused:
            await people.press(user, message, data)
        assert refused.value.status == status
