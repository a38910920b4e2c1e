"""Ephemeral messages: what one member of a group sees and nobody else, and how a bot changes or deletes it."""

from __future__ import annotations

from aiogram import methods, types

from bot.sandbox import chatroom, errors
from bot.sandbox.bot_api import addressing
from bot.sandbox.bot_api.callbacks import CALLBACK_LIFE_S
from bot.sandbox.bot_api.calls import Call, implements


def receiver(call: Call, chat: types.Chat, ask: object) -> types.User | None:
    """Returns who alone sees a message that is sent, or None for everybody; raises BadRequest."""
    given: types.EphemeralMessageParameters | None = getattr(ask, "ephemeral_message_parameters", None)
    # The two parameters of Bot API 10.2, which 10.3 replaced.
    receiver_id: int | None = given.receiver_user_id if given else getattr(ask, "receiver_user_id", None)
    query_id: str | None = given.callback_query_id if given else getattr(ask, "callback_query_id", None)
    if receiver_id is None:
        return None
    if chat.type == "private":
        raise errors.BadRequest("ephemeral messages can be sent only to groups and supergroups")
    user = call.world.people.user(receiver_id)
    if user is None:
        raise errors.BadRequest("user not found")
    if not call.world.people.is_member(chat.id, user.id):
        raise errors.BadRequest("USER_NOT_PARTICIPANT")
    if query_id is not None:
        _check_query(call, chat, user, query_id)
    return chatroom.bare(user)


def _check_query(call: Call, chat: types.Chat, user: types.User, query_id: str) -> None:
    press = call.world.callbacks.get(query_id)
    if press is None or press.bot_id != call.bot.id or call.world.clock() - press.pressed_at > CALLBACK_LIFE_S:
        raise errors.BadRequest("query is too old and response timeout expired or query ID is invalid")
    if (press.chat_id, press.from_id) != (chat.id, user.id):
        raise errors.BadRequest("callback query doesn't match the receiver of the message")


def own_message(call: Call, chat_id: int | str, receiver_id: int, ephemeral_id: int, verb: str) -> types.Message:
    """Returns an ephemeral message of this bot; raises BadRequest."""
    chat = addressing.writable_chat(call, chat_id)
    message = call.world.messages.whispered(chat.id, receiver_id, ephemeral_id)
    if message is None or call.world.messages.author_id(ephemeral_id) != call.bot.id:
        raise errors.BadRequest(f"message to {verb} not found")
    return message


@implements(methods.DeleteEphemeralMessage)
async def delete_ephemeral_message(call: Call, ask: methods.DeleteEphemeralMessage) -> bool:
    """Deletes an ephemeral message."""
    message = own_message(call, ask.chat_id, ask.receiver_user_id, ask.ephemeral_message_id, "delete")
    chatroom.remove(call.world, message)
    return True
