from __future__ import annotations

import pytest
from aiogram import Bot, types
from aiogram.exceptions import TelegramBadRequest

from bot.sandbox.client import SandboxClient, SandboxRefused


async def test_an_answer_lies_in_the_topic_of_what_it_answers(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    await bot.get_me()
    forum = await people.create_group("Painters", [ann], is_forum=True)
    cats = await people.open_topic(ann, forum, "Cats")
    asked = await people.say(ann, "/imagine a cat", chat=forum, topic=cats)
    assert (asked.message_thread_id, asked.is_topic_message) == (cats.message_id, True)
    by_reply = await bot.send_message(
        forum.id, "one", reply_parameters=types.ReplyParameters(message_id=asked.message_id)
    )
    by_thread = await bot.send_message(forum.id, "two", message_thread_id=cats.message_id)
    general = await bot.send_message(forum.id, "three")
    assert [one.message_thread_id for one in (by_reply, by_thread, general)] == [cats.message_id] * 2 + [None]


async def test_topics_are_only_in_forums(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    await bot.get_me()
    group = await people.create_group("Painters", [ann])
    said = await people.say(ann, "hello", chat=group)
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await bot.send_message(group.id, "one", message_thread_id=said.message_id)
    with pytest.raises(SandboxRefused, match="not a forum"):
        await people.open_topic(ann, group, "Cats")
    with pytest.raises(SandboxRefused, match="only a supergroup"):
        await people.create_group("Painters", [ann], kind="group", is_forum=True)


async def test_a_plain_message_of_a_topic_is_not_meant_for_a_bot(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    await bot.get_updates(allowed_updates=["message"])
    forum = await people.create_group("Painters", [ann], is_forum=True)
    cats = await people.open_topic(ann, forum, "Cats")
    await people.say(ann, "just talking", chat=forum, topic=cats)
    assert await bot.get_updates() == []
