"""In a group: the bot hears commands, mentions and replies, and what is for one person only that person sees."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest
from aiogram import types

from bot.sandbox.client import buttons, labels
from tests.puppet import PuppetPool
from tests.studio import Stage


@pytest.fixture
async def bea(scene: Stage) -> types.User:
    return await scene.sandbox.create_user("Bea", language_code="en")


@pytest.fixture
async def group(scene: Stage, bea: types.User) -> types.Chat:
    """A group in which the bot is an administrator: it gets every message, not only those for it."""
    made = await scene.sandbox.create_group("Painters", [scene.ann, bea])
    await scene.sandbox.place_bot(made, "administrator")
    return made


async def said_by_bot(scene: Stage, group: types.Chat, viewer: types.User) -> list[types.Message]:
    seen = await scene.sandbox.messages(group, viewer=viewer)
    return [message for message in seen if message.from_user is not None and message.from_user.is_bot]


async def test_a_command_paints_for_everybody_and_answers_the_asker(
    scene: Stage, pool: PuppetPool, group: types.Chat, bea: types.User
) -> None:
    asked = await scene.sandbox.say(scene.ann, "/imagine a yellow star", chat=group)
    painting = await pool.next()
    assert painting.task.prompt == "a yellow star"
    status = await scene.sandbox.wait_for(group, lambda m: "Cancel" in labels(m), after=asked)
    painting.finish()
    picture = await scene.sandbox.wait_for(group, lambda m: m.photo, after=asked)
    assert picture.message_id == status.message_id
    assert picture.reply_to_message is not None
    assert picture.reply_to_message.message_id == asked.message_id
    assert [message.message_id for message in await said_by_bot(scene, group, bea)] == [picture.message_id]


async def test_a_mention_and_a_reply_paint_what_they_say(scene: Stage, pool: PuppetPool, group: types.Chat) -> None:
    async with scene.sandbox.http.get("/sandbox/bot") as response:
        name = (await response.json())["bot"]["username"]
    asked = await scene.sandbox.say(scene.ann, f"@{name} a red circle", chat=group)
    first = await pool.next()
    assert first.task.prompt == "a red circle"
    first.finish()
    picture = await scene.sandbox.wait_for(group, lambda m: m.photo, after=asked)
    await scene.sandbox.say(scene.ann, "now in blue", chat=group, reply_to=picture)
    second = await pool.next()
    assert second.task.prompt == "now in blue"
    second.finish()


async def test_talk_is_neither_answered_nor_remembered(
    scene: Stage, pool: PuppetPool, group: types.Chat, bea: types.User
) -> None:
    await scene.sandbox.say(bea, "what a day", chat=group)
    await scene.sandbox.say(bea, "/imagine@other_bot a cat", chat=group)
    await scene.sandbox.say(bea, "/nonsense", chat=group)
    asked = await scene.sandbox.say(scene.ann, "/imagine a yellow star", chat=group)
    (await pool.next()).finish()
    picture = await scene.sandbox.wait_for(group, lambda m: m.photo, after=asked)
    assert [message.message_id for message in await said_by_bot(scene, group, bea)] == [picture.message_id]


async def test_who_only_talks_is_nobody_to_the_bot(
    scene: Stage, pool: PuppetPool, group: types.Chat, bea: types.User
) -> None:
    await scene.sandbox.say(bea, "what a day", chat=group)
    await scene.sandbox.say(scene.ann, "/imagine a yellow star", chat=group)
    (await pool.next()).finish()
    [database] = (scene.data_dir / "bot").glob("*.sqlite3")
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT id FROM users").fetchall() == [(scene.ann.id,)]


async def test_settings_are_seen_and_changed_by_the_asker_alone(
    scene: Stage, group: types.Chat, bea: types.User
) -> None:
    await scene.sandbox.say(scene.ann, "/settings", chat=group)
    menu = await scene.sandbox.wait_for(group, lambda m: m.reply_markup)
    assert menu.receiver_user is not None
    assert menu.receiver_user.id == scene.ann.id
    assert await said_by_bot(scene, group, bea) == []

    pressed = await scene.sandbox.press(scene.ann, menu, "Kandinsky 3 Flash")
    assert (await scene.sandbox.wait_for_answer(pressed)).text == "Saved"
    changed = await scene.sandbox.wait_for(group, lambda m: "✓ Kandinsky 3 Flash" in " ".join(labels(m)))
    assert changed.ephemeral_message_id == menu.ephemeral_message_id
    assert await said_by_bot(scene, group, bea) == []


async def test_a_mistake_is_explained_to_who_made_it(scene: Stage, group: types.Chat, bea: types.User) -> None:
    asked = await scene.sandbox.say(scene.ann, "/imagine", chat=group)
    hint = await scene.sandbox.wait_for(group, lambda m: "/imagine" in (m.text or ""), after=asked)
    assert hint.receiver_user is not None
    assert hint.reply_to_message is not None
    assert hint.reply_to_message.message_id == asked.message_id
    assert await said_by_bot(scene, group, bea) == []


async def test_a_corrected_wish_can_be_copied_and_sent_as_it_is(scene: Stage, group: types.Chat) -> None:
    asked = await scene.sandbox.say(scene.ann, "/imagine a star --ar 99:1", chat=group)
    hint = await scene.sandbox.wait_for(group, lambda m: "--ar" in (m.text or ""), after=asked)
    [copy] = [button.copy_text.text for button in buttons(hint) if button.copy_text is not None]
    assert copy.startswith("/imagine a star")


async def test_where_ephemeral_messages_are_refused_the_answer_is_a_reply_for_all(
    scene: Stage, group: types.Chat, bea: types.User
) -> None:
    await scene.sandbox.fault("400", method="sendMessage", times=1)
    asked = await scene.sandbox.say(scene.ann, "/imagine", chat=group)
    hint = await scene.sandbox.wait_for(group, lambda m: "/imagine" in (m.text or ""), after=asked)
    assert hint.receiver_user is None
    assert hint.reply_to_message is not None
    assert hint.reply_to_message.message_id == asked.message_id


async def test_a_button_obeys_only_the_asker(
    scene: Stage, pool: PuppetPool, group: types.Chat, bea: types.User
) -> None:
    asked = await scene.sandbox.say(scene.ann, "/imagine a yellow star", chat=group)
    painting = await pool.next()
    status = await scene.sandbox.wait_for(group, lambda m: "Cancel" in labels(m), after=asked)
    answer = await scene.sandbox.wait_for_answer(await scene.sandbox.press(bea, status, "Cancel"))
    assert answer.show_alert
    painting.finish()
    await scene.sandbox.wait_for(group, lambda m: m.photo, after=asked)


async def test_an_answer_stays_in_its_topic(scene: Stage, pool: PuppetPool, bea: types.User) -> None:
    forum = await scene.sandbox.create_group("Painters", [scene.ann, bea], is_forum=True)
    stars = await scene.sandbox.open_topic(scene.ann, forum, "Stars")
    asked = await scene.sandbox.say(scene.ann, "/imagine a yellow star", chat=forum, topic=stars)
    (await pool.next()).finish()
    picture = await scene.sandbox.wait_for(forum, lambda m: m.photo, after=asked)
    assert picture.message_thread_id == stars.message_id
    asked = await scene.sandbox.say(scene.ann, "/settings", chat=forum, topic=stars)
    menu = await scene.sandbox.wait_for(forum, lambda m: m.receiver_user, after=asked)
    assert menu.message_thread_id == stars.message_id


async def test_imagine_paints_in_a_private_chat_too_and_answers_in_russian(scene: Stage, pool: PuppetPool) -> None:
    boris = await scene.boris()
    asked = await scene.sandbox.say(boris, "/imagine")
    await scene.sandbox.wait_for(boris, lambda m: "после команды" in (m.text or ""), after=asked)
    asked = await scene.sandbox.say(boris, "/imagine красный круг")
    painting = await pool.next()
    assert painting.task.prompt == "красный круг"
    painting.finish()
    await scene.sandbox.wait_for(boris, lambda m: m.photo, after=asked)


async def test_a_failure_is_told_to_who_met_it(scene: Stage, group: types.Chat, bea: types.User) -> None:
    await scene.sandbox.fault("400", method="sendMessage", times=2)  # the answer, and the answer said aloud
    asked = await scene.sandbox.say(scene.ann, "/imagine", chat=group)
    told = await scene.sandbox.wait_for(group, lambda m: "went wrong" in (m.text or ""), after=asked)
    assert told.receiver_user is not None
    assert await said_by_bot(scene, group, bea) == []
