"""editMessageText, editMessageCaption, editMessageMedia, editMessageReplyMarkup, also of ephemeral messages."""

from __future__ import annotations

from aiogram import methods, types

from bot.sandbox import chatroom, errors
from bot.sandbox.bot_api import addressing, media, rules, whispers
from bot.sandbox.bot_api.calls import Call, given, implements
from bot.sandbox.media.storage import KINDS
from bot.sandbox.store.messages import dump

Edit = methods.EditMessageText | methods.EditMessageCaption | methods.EditMessageMedia | methods.EditMessageReplyMarkup
WhisperEdit = (
    methods.EditEphemeralMessageText
    | methods.EditEphemeralMessageCaption
    | methods.EditEphemeralMessageMedia
    | methods.EditEphemeralMessageReplyMarkup
)

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)


@implements(methods.EditMessageText, methods.EditEphemeralMessageText)
async def edit_message_text(
    call: Call, ask: methods.EditMessageText | methods.EditEphemeralMessageText
) -> types.Message | bool:
    """Replaces the text of a text message."""
    if not ask.text:
        raise errors.BadRequest("message text is empty")
    formatted = rules.text(ask.text, given(ask.parse_mode), ask.entities)
    message = _editable(call, ask)
    if message.text is None:
        raise errors.BadRequest("there is no text in the message to edit")
    return _apply(call, ask, message, {"text": formatted.text, "entities": formatted.entities or None})


@implements(methods.EditMessageCaption, methods.EditEphemeralMessageCaption)
async def edit_message_caption(
    call: Call, ask: methods.EditMessageCaption | methods.EditEphemeralMessageCaption
) -> types.Message | bool:
    """Replaces the caption of a media message."""
    formatted = rules.caption(ask.caption, given(ask.parse_mode), ask.caption_entities)
    message = _editable(call, ask)
    if message.text is not None:
        raise errors.BadRequest("there is no caption in the message to edit")
    return _apply(
        call, ask, message, {"caption": formatted.text or None, "caption_entities": formatted.entities or None}
    )


@implements(methods.EditMessageReplyMarkup, methods.EditEphemeralMessageReplyMarkup)
async def edit_message_reply_markup(
    call: Call, ask: methods.EditMessageReplyMarkup | methods.EditEphemeralMessageReplyMarkup
) -> types.Message | bool:
    """Replaces or removes the buttons."""
    return _apply(call, ask, _editable(call, ask), {})


@implements(methods.EditMessageMedia, methods.EditEphemeralMessageMedia)
async def edit_message_media(
    call: Call, ask: methods.EditMessageMedia | methods.EditEphemeralMessageMedia
) -> types.Message | bool:
    """Replaces the media of a message, or turns a text message into a media message."""
    item = ask.media
    if not isinstance(item, media.InputMedia):
        raise errors.BadRequest(f"media of type {item.type} is not supported by the sandbox")
    formatted = rules.caption(item.caption, given(item.parse_mode), item.caption_entities)
    message = _editable(call, ask)
    if message.media_group_id is not None and isinstance(item, types.InputMediaAnimation):
        raise errors.BadRequest("message can't be edited: an album can't include animations")
    content = await media.resolve_item(call, item)
    message = _editable(call, ask, counted=False)  # it may be deleted or edited while the upload is decoded
    changes: dict[str, object] = {
        "text": None,
        "entities": None,
        "caption": formatted.text or None,
        "caption_entities": formatted.entities or None,
        "has_media_spoiler": None,
        "show_caption_above_media": None,
        **dict.fromkeys(KINDS),
        **vars(content),
        **media.shown_how(item),
    }
    return _apply(call, ask, message, changes)


def _editable(call: Call, ask: Edit | WhisperEdit, *, counted: bool = True) -> types.Message:
    if isinstance(ask, WhisperEdit):
        message = whispers.own_message(call, ask.chat_id, ask.receiver_user_id, ask.ephemeral_message_id, "edit")
    else:
        if ask.inline_message_id is not None:
            raise errors.BadRequest("MESSAGE_ID_INVALID")
        message = addressing.own_message(call, addressing.writable_chat(call, ask.chat_id), ask.message_id)
    if counted:
        addressing.spend(call, message.chat)
    return message


def _apply(
    call: Call, ask: Edit | WhisperEdit, message: types.Message, changes: dict[str, object]
) -> types.Message | bool:
    """Keeps the edited message; buttons that are not given are removed, as Telegram does."""
    keyboard = rules.keyboard(ask.reply_markup, is_private=message.chat.type == "private")
    edited = message.model_copy(update={**changes, "reply_markup": keyboard})
    if dump(edited) == dump(message):
        raise errors.BadRequest(NOT_MODIFIED)
    if changes:
        edited = edited.model_copy(update={"edit_date": int(call.world.clock())})
    revised = chatroom.revise(call.world, edited)
    return True if isinstance(ask, WhisperEdit) else revised
