"""Which chat a bot writes to, whether it may, and which message it answers or changes."""

from __future__ import annotations

from collections.abc import Mapping

from aiogram import types

from bot.sandbox import errors
from bot.sandbox.bot_api.calls import Call
from bot.sandbox.world import World


def chat(call: Call, chat_id: int | str | None) -> types.Chat:
    """Returns a chat that the bot can see."""
    if chat_id is None or chat_id == "":
        raise errors.BadRequest("chat_id is empty")
    found = _by_name(call, chat_id) if isinstance(chat_id, str) and not _is_number(chat_id) else None
    if found is None and (isinstance(chat_id, int) or _is_number(chat_id)):
        found = call.world.people.chat(int(chat_id))
    if found is None:
        raise errors.BadRequest("chat not found")
    return found


def writable_chat(call: Call, chat_id: int | str | None) -> types.Chat:
    """Returns a chat in which the bot may write; raises Forbidden where it was blocked or removed."""
    found = chat(call, chat_id)
    people = call.world.people
    if found.type == "private":
        if people.has_blocked(found.id, call.bot.id):
            raise errors.Forbidden("bot was blocked by the user")
    elif not people.is_member(found.id, call.bot.id):
        status = people.status(found.id, call.bot.id)
        how = "kicked from" if status == "kicked" else "not a member of"
        raise errors.Forbidden(f"bot {'was' if status == 'kicked' else 'is'} {how} the {found.type} chat")
    return found


def spend(call: Call, found: types.Chat) -> None:
    """Counts one message against the rate limits; raises TooManyRequests."""
    call.world.limits.take(call.bot.id, found.id, call.world.clock())


def own_message(call: Call, found: types.Chat, message_id: int | None) -> types.Message:
    """Returns a message that this bot wrote and may edit."""
    if message_id is None:
        raise errors.BadRequest("message identifier is not specified")
    message = call.world.messages.get(found.id, message_id)
    if message is None:
        raise errors.BadRequest("message to edit not found")
    if call.world.messages.author_id(message_id) != call.bot.id:
        raise errors.BadRequest("message can't be edited")
    return message


def reply_target(
    call: Call,
    found: types.Chat,
    parameters: types.ReplyParameters | None,
    message_id: int | None,
    lenient: bool | None,
) -> types.Message | None:
    """Returns the message that is answered, without the one which that answers."""
    wanted = message_id if parameters is None else parameters.message_id
    if wanted is None:
        return None
    replied = call.world.messages.get(found.id, wanted)
    if replied is not None:
        return replied.model_copy(update={"reply_to_message": None})
    if lenient or (parameters is not None and parameters.allow_sending_without_reply is True):
        return None
    raise errors.BadRequest("message to be replied not found")


def topic(world: World, found: types.Chat, thread_id: int | None, reply: types.Message | None) -> dict[str, int | bool]:
    """Returns the fields of a message in a topic of a forum; an answer lies where the answered message does."""
    if thread_id is None:
        thread_id = reply.message_thread_id if reply is not None and reply.is_topic_message else None
    if thread_id is None:
        return {}
    opening = world.messages.get(found.id, thread_id)
    if opening is None or opening.forum_topic_created is None:
        raise errors.BadRequest("message thread not found")
    return {"message_thread_id": thread_id, "is_topic_message": True}


def _is_number(chat_id: str) -> bool:
    return chat_id.removeprefix("-").isdecimal()


def _by_name(call: Call, name: str) -> types.Chat | None:
    wanted = name.removeprefix("@").lower()
    public: Mapping[str, types.Chat] = {
        (found.username or "").lower(): found for found in call.world.people.chats() if found.type != "private"
    }
    return public.get(wanted) if wanted else None
