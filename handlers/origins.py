"""Where a wish came from, read from the message that asked or whose button was pressed."""

from __future__ import annotations

from aiogram.types import InaccessibleMessage, Message

from bot import groups
from bot.studio import Origin


def of(message: Message | InaccessibleMessage, language: str, key: str) -> Origin:
    """The origin of the wish that `key` names; of a message that is out of reach no topic is known."""
    topic_id = groups.topic_of(message) if isinstance(message, Message) else None
    return Origin(message.chat.id, message.message_id, language, key, topic_id)
