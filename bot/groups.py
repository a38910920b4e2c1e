"""What a group says to the bot: commands, mentions, replies to its messages. The rest is none of its business.

Pure functions. Entities count in UTF-16 units, as Telegram does.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiogram.enums import ChatType, MessageEntityType
from aiogram.types import Message, MessageEntity, User


def is_group(message: Message) -> bool:
    """The message stands where other people read it."""
    return message.chat.type != ChatType.PRIVATE


def topic_of(message: Message) -> int | None:
    """The topic of a forum that a message stands in; the threads of an ordinary group are no topics."""
    return message.message_thread_id if message.is_topic_message else None


def words_for_bot(message: Message, me: User) -> str | None:
    """The words of a group message without the mention of the bot; None when they are for somebody else."""
    text = message.text or ""
    entities = message.entities or ()
    command = next((one for one in entities if one.type == MessageEntityType.BOT_COMMAND and one.offset == 0), None)
    if command is not None:
        _, at, name = command.extract_from(text).partition("@")
        return text if not at or name.lower() == (me.username or "").lower() else None
    mentions = [one for one in entities if _mentions(one, text, me)]
    if mentions or _answers(message, me):
        return " ".join(filter(None, _without(text, mentions).split(" "))).strip()
    return None


def _mentions(entity: MessageEntity, text: str, me: User) -> bool:
    if entity.type == MessageEntityType.MENTION:
        return entity.extract_from(text).lower() == f"@{me.username}".lower()
    return entity.type == MessageEntityType.TEXT_MENTION and entity.user is not None and entity.user.id == me.id


def _answers(message: Message, me: User) -> bool:
    """The message answers one of the bot's. A plain message of a topic "answers" the note that opened the topic."""
    answered = message.reply_to_message
    return (
        answered is not None
        and answered.from_user is not None
        and answered.from_user.id == me.id
        and answered.forum_topic_created is None
    )


def _without(text: str, entities: Iterable[MessageEntity]) -> str:
    units = text.encode("utf-16-le")
    for entity in sorted(entities, key=lambda one: one.offset, reverse=True):
        units = units[: 2 * entity.offset] + units[2 * (entity.offset + entity.length) :]
    return units.decode("utf-16-le")
