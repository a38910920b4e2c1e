"""sendMessage, forwards, copies, deletions, pins."""

from __future__ import annotations

from datetime import timedelta

from aiogram import methods, types

from bot.sandbox import chatroom, errors, hub
from bot.sandbox.bot_api import addressing, rules, whispers
from bot.sandbox.bot_api.calls import Call, given, implements

DELETABLE_FOR = timedelta(hours=48)


@implements(methods.SendMessage)
async def send_message(call: Call, ask: methods.SendMessage) -> types.Message:
    """Sends text."""
    formatted = rules.text(ask.text, given(ask.parse_mode), ask.entities)
    chat = addressing.writable_chat(call, ask.chat_id)
    keyboard = rules.keyboard(ask.reply_markup, is_private=chat.type == "private")
    reply = addressing.reply_target(
        call, chat, ask.reply_parameters, ask.reply_to_message_id, ask.allow_sending_without_reply
    )
    receiver = whispers.receiver(call, chat, ask)
    addressing.spend(call, chat)
    message = chatroom.envelope(
        call.world,
        chat,
        call.bot,
        text=formatted.text,
        entities=formatted.entities or None,
        reply_to_message=reply,
        reply_markup=keyboard,
        receiver_user=receiver,
        **addressing.topic(call.world, chat, ask.message_thread_id, reply),
    )
    return chatroom.post(call.world, message, call.bot.id)


@implements(methods.SendMessageDraft)
async def send_message_draft(call: Call, ask: methods.SendMessageDraft) -> bool:
    """Accepts a draft: it is checked like a message and not kept, as it lives for seconds."""
    addressing.writable_chat(call, ask.chat_id)
    if ask.text:
        rules.text(ask.text, given(ask.parse_mode), ask.entities)
    return True


@implements(methods.SendChatAction)
async def send_chat_action(call: Call, ask: methods.SendChatAction) -> bool:
    """Shows "typing" or the like for five seconds."""
    chat = addressing.writable_chat(call, ask.chat_id)
    if ask.action not in ACTIONS:
        raise errors.BadRequest("wrong parameter action in request")
    data = hub.to_json(chat_id=chat.id, action=ask.action, at=call.world.clock())
    call.world.hub.publish("chat_action", chat.id, data)
    return True


ACTIONS = (
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
)


@implements(methods.ForwardMessage)
async def forward_message(call: Call, ask: methods.ForwardMessage) -> types.Message:
    """Sends a message again, with its origin."""
    chat = addressing.writable_chat(call, ask.chat_id)
    source = _source(call, ask.from_chat_id, ask.message_id, "forward")
    addressing.spend(call, chat)
    author = source.from_user or call.bot
    origin = types.MessageOriginUser(date=source.date, sender_user=author)
    copy = _again(call, source, chat).model_copy(update={"forward_origin": origin})
    return chatroom.post(call.world, copy, call.bot.id)


@implements(methods.CopyMessage)
async def copy_message(call: Call, ask: methods.CopyMessage) -> types.MessageId:
    """Sends the content of a message as a new one; a caption given replaces the old one."""
    chat = addressing.writable_chat(call, ask.chat_id)
    source = _source(call, ask.from_chat_id, ask.message_id, "copy")
    copy = _again(call, source, chat)
    if ask.caption is not None and not source.text:
        formatted = rules.caption(ask.caption, given(ask.parse_mode), ask.caption_entities)
        copy = copy.model_copy(
            update={"caption": formatted.text or None, "caption_entities": formatted.entities or None}
        )
    reply = addressing.reply_target(
        call, chat, ask.reply_parameters, ask.reply_to_message_id, ask.allow_sending_without_reply
    )
    keyboard = rules.keyboard(ask.reply_markup, is_private=chat.type == "private")
    addressing.spend(call, chat)
    copy = copy.model_copy(update={"reply_markup": keyboard, "reply_to_message": reply})
    return types.MessageId(message_id=chatroom.post(call.world, copy, call.bot.id).message_id)


@implements(methods.CopyMessages)
async def copy_messages(call: Call, ask: methods.CopyMessages) -> list[types.MessageId]:
    """Sends the contents of several messages as new ones; what is not there is passed over."""
    chat = addressing.writable_chat(call, ask.chat_id)
    sources = _sources(call, ask.from_chat_id, ask.message_ids)
    addressing.spend(call, chat)
    with call.world.database.transaction():
        posted = [chatroom.post(call.world, _again(call, source, chat), call.bot.id) for source in sources]
    return [types.MessageId(message_id=message.message_id) for message in posted]


@implements(methods.DeleteMessage)
async def delete_message(call: Call, ask: methods.DeleteMessage) -> bool:
    """Deletes a message: in private chats of either side, in groups the bot's own unless it is an administrator."""
    chat = addressing.chat(call, ask.chat_id)
    message = call.world.messages.get(chat.id, ask.message_id)
    if message is None:
        raise errors.BadRequest("message to delete not found")
    if not _may_delete(call, chat, message):
        raise errors.BadRequest("message can't be deleted")
    chatroom.remove(call.world, message)
    return True


@implements(methods.DeleteMessages)
async def delete_messages(call: Call, ask: methods.DeleteMessages) -> bool:
    """Deletes 1 to 100 messages; those that cannot be deleted are passed over."""
    chat = addressing.chat(call, ask.chat_id)
    if not 1 <= len(ask.message_ids) <= 100:
        raise errors.BadRequest("wrong number of message identifiers: from 1 to 100 are allowed")
    with call.world.database.transaction():
        for message_id in ask.message_ids:
            message = call.world.messages.get(chat.id, message_id)
            if message is not None and _may_delete(call, chat, message):
                chatroom.remove(call.world, message)
    return True


@implements(methods.PinChatMessage)
async def pin_chat_message(call: Call, ask: methods.PinChatMessage) -> bool:
    """Pins a message."""
    chat = addressing.writable_chat(call, ask.chat_id)
    if call.world.messages.get(chat.id, ask.message_id) is None:
        raise errors.BadRequest("message to pin not found")
    call.world.people.pin(chat.id, ask.message_id)
    return True


@implements(methods.UnpinChatMessage)
async def unpin_chat_message(call: Call, ask: methods.UnpinChatMessage) -> bool:
    """Unpins the pinned message."""
    chat = addressing.writable_chat(call, ask.chat_id)
    if ask.message_id not in (None, call.world.people.pinned_id(chat.id)):
        raise errors.BadRequest("message to unpin not found")
    call.world.people.pin(chat.id, None)
    return True


@implements(methods.UnpinAllChatMessages)
async def unpin_all_chat_messages(call: Call, ask: methods.UnpinAllChatMessages) -> bool:
    """Unpins everything."""
    call.world.people.pin(addressing.writable_chat(call, ask.chat_id).id, None)
    return True


def _source(call: Call, chat_id: int | str, message_id: int, verb: str) -> types.Message:
    chat = addressing.chat(call, chat_id)
    source = call.world.messages.get(chat.id, message_id)
    if source is None:
        raise errors.BadRequest(f"message to {verb} not found")
    return source


def _sources(call: Call, chat_id: int | str, message_ids: list[int]) -> list[types.Message]:
    if not 1 <= len(message_ids) <= 100:
        raise errors.BadRequest("wrong number of message identifiers: from 1 to 100 are allowed")
    chat = addressing.chat(call, chat_id)
    found = [call.world.messages.get(chat.id, message_id) for message_id in sorted(message_ids)]
    sources = [message for message in found if message is not None]
    if not sources:
        raise errors.BadRequest("message to copy not found")
    return sources


def _again(call: Call, source: types.Message, chat: types.Chat) -> types.Message:
    """Returns a message with the same content from this bot in that chat."""
    return source.model_copy(
        update={
            "message_id": 0,
            "date": call.world.now(),
            "chat": chat,
            "from_user": chatroom.bare(call.bot),
            "reply_to_message": None,
            "reply_markup": None,
            "media_group_id": None,
            "edit_date": None,
        }
    )


def _may_delete(call: Call, chat: types.Chat, message: types.Message) -> bool:
    if call.world.now() - message.date > DELETABLE_FOR:
        return False
    is_own = call.world.messages.author_id(message.message_id) == call.bot.id
    return is_own or chat.type == "private" or call.world.people.status(chat.id, call.bot.id) == "administrator"
