from __future__ import annotations

import pytest
from aiogram import Bot, types
from aiogram.exceptions import TelegramBadRequest

from bot.sandbox.client import SandboxClient
from tests.bot.sandbox.sandbox_kit import TOKEN


async def test_bots_of_other_kinds_can_send_places_contacts_dice_and_polls(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    await bot.send_location(ann.id, 55.75, 37.62)
    await bot.send_venue(ann.id, 55.75, 37.62, "Museum", "1 Art Street")
    await bot.send_contact(ann.id, "+1234567", "Wassily")
    await bot.send_dice(ann.id, emoji="🎰")
    await bot.send_poll(ann.id, "Which?", ["left", types.InputPollOption(text="right")])
    sent = await people.messages(ann)
    assert [message.content_type for message in sent] == ["location", "venue", "contact", "dice", "poll"]
    assert sent[3].dice is not None
    assert 1 <= sent[3].dice.value <= 64
    assert sent[4].poll is not None
    assert [option.text for option in sent[4].poll.options] == ["left", "right"]


async def test_a_die_has_a_known_face(bot: Bot, ann: types.User) -> None:
    with pytest.raises(TelegramBadRequest, match="EMOTICON_INVALID"):
        await bot.send_dice(ann.id, emoji="🐈")


async def test_several_messages_are_copied_at_once(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    bea = await people.create_user("Bea")
    said = [await people.say(ann, text) for text in ("one", "two")]
    await bot.copy_messages(bea.id, ann.id, [*(message.message_id for message in said), 999])
    assert [message.text for message in await people.messages(bea)] == ["one", "two"]


async def test_a_json_body_may_give_a_text_as_a_number(people: SandboxClient, ann: types.User) -> None:
    async with people.http.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": ann.id, "text": 42}) as response:
        assert (await response.json())["result"]["text"] == "42"


async def test_pins_are_told_by_the_chat(bot: Bot, ann: types.User) -> None:
    sent = await bot.send_message(ann.id, "remember")
    await bot.pin_chat_message(ann.id, sent.message_id)
    pinned = (await bot.get_chat(ann.id)).pinned_message
    assert pinned is not None
    assert pinned.message_id == sent.message_id
    await bot.unpin_chat_message(ann.id)
    assert (await bot.get_chat(ann.id)).pinned_message is None
