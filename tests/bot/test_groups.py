from __future__ import annotations

from datetime import UTC, datetime

import pytest
from aiogram.types import Chat, ForumTopicCreated, Message, MessageEntity, User
from hypothesis import given
from hypothesis import strategies as st

from bot.groups import is_group, words_for_bot
from bot.sandbox.entities.parse import parse

ME = User(id=42, is_bot=True, first_name="Painter", username="paint_bot")
ANN = User(id=7, is_bot=False, first_name="Ann")
GROUP = Chat(id=-100, type="supergroup", title="Painters")


def said(text: str, *, answers: Message | None = None, author: User = ANN) -> Message:
    """A message of the group, with the entities that Telegram finds."""
    entities = list(parse(text, None, None).entities) if text else None
    return Message(
        message_id=1,
        date=datetime.now(UTC),
        chat=GROUP,
        from_user=author,
        text=text,
        entities=entities,
        reply_to_message=answers,
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/imagine a cat", "/imagine a cat"),
        ("/imagine@paint_bot a cat", "/imagine@paint_bot a cat"),
        ("/imagine@PAINT_BOT a cat", "/imagine@PAINT_BOT a cat"),
        ("/imagine@other_bot a cat", None),
        ("@paint_bot a cat", "a cat"),
        ("a cat, @Paint_Bot please", "a cat, please"),
        ("🐈 @paint_bot 🐈", "🐈 🐈"),
        ("@paint_bot", ""),
        ("@paint_bot2 a cat", None),
        ("@other_bot a cat", None),
        ("mail paint@paint_bot.com", None),
        ("what a cat", None),
        ("see /imagine a cat", None),
    ],
)
def test_commands_and_mentions_are_for_the_bot_and_talk_is_not(text: str, words: str | None) -> None:
    assert words_for_bot(said(text), ME) == words


def test_a_reply_to_the_bot_is_for_the_bot() -> None:
    assert words_for_bot(said("a dog", answers=said("a cat", author=ME)), ME) == "a dog"
    assert words_for_bot(said("a dog", answers=said("a cat")), ME) is None


def test_a_plain_message_of_a_topic_that_the_bot_opened_is_not_for_the_bot() -> None:
    opening = said("", author=ME).model_copy(
        update={"text": None, "forum_topic_created": ForumTopicCreated(name="Cats", icon_color=0)}
    )
    assert words_for_bot(said("just talking", answers=opening), ME) is None


def test_a_mention_of_somebody_without_a_name_counts_by_id() -> None:
    entity = MessageEntity(type="text_mention", offset=0, length=7, user=ME)
    message = said("Painter a cat").model_copy(update={"entities": [entity]})
    assert words_for_bot(message, ME) == "a cat"


def test_what_is_no_text_is_not_for_the_bot() -> None:
    assert words_for_bot(said("").model_copy(update={"text": None}), ME) is None


def test_only_a_private_chat_is_no_group() -> None:
    assert is_group(said("x"))
    assert not is_group(said("x").model_copy(update={"chat": Chat(id=7, type="private")}))


@given(before=st.text(alphabet=st.characters(exclude_categories=["Cs"])), after=st.text(alphabet="ab 🐈"))
def test_a_mention_is_taken_out_and_the_words_around_it_stay(before: str, after: str) -> None:
    text = f"{before} @paint_bot {after}"
    start = len(before.encode("utf-16-le")) // 2 + 1
    entity = MessageEntity(type="mention", offset=start, length=len("@paint_bot"))
    message = said("x").model_copy(update={"text": text, "entities": [entity]})
    assert words_for_bot(message, ME) == " ".join(filter(None, f"{before}  {after}".split(" "))).strip()
