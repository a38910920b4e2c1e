"""Writing to a chat as a user, and reading it."""

from __future__ import annotations

from collections.abc import Mapping

from aiogram import types
from aiohttp import web

from bot.sandbox import chatroom, errors, jsontext
from bot.sandbox.bot_api import addressing, routes, rules
from bot.sandbox.bot_api.decode import Raw
from bot.sandbox.keys import WORLD
from bot.sandbox.media.storage import KINDS, Media
from bot.sandbox.media.uploads import Upload
from bot.sandbox.user_side import people, replies
from bot.sandbox.world import World

FIELDS = frozenset({"from_id", "text", "caption", "reply_to", "media_group_id", "message_thread_id", "bot_id", *KINDS})


def add_routes(app: web.Application) -> None:
    """Adds the routes of this module."""
    app.router.add_post("/sandbox/chats/{chat_id}/messages", write)
    app.router.add_get("/sandbox/chats/{chat_id}/messages", read)


async def write(request: web.Request) -> web.Response:
    """Sends text or one file as a user; multipart, form or JSON."""
    world = request.app[WORLD]
    chat = people.existing_chat(world, replies.number_in_path(request, "chat_id"))
    raw = await routes.parameters(request, world)
    try:
        return replies.answer(await _say(world, chat, raw))
    finally:
        for value in raw.values():
            if isinstance(value, Upload):
                value.discard()


async def _say(world: World, chat: types.Chat, raw: Mapping[str, Raw]) -> types.Message:
    unknown = sorted(set(raw) - FIELDS)
    if unknown:
        raise errors.BadRequest(f"unknown field {unknown[0]}")
    from_id = _number(raw, "from_id")
    if from_id is None:
        raise errors.BadRequest("from_id is required")
    author = people.existing_user(world, from_id)
    if not world.people.is_member(chat.id, author.id):
        raise errors.Forbidden(f"user {author.id} is not a member of chat {chat.id}")
    media = await _media(world, raw)
    if media is None:
        formatted = rules.text(_text(raw, "text"), None, None)
        content: dict[str, object] = {"text": formatted.text, "entities": formatted.entities or None}
    else:
        formatted = rules.caption(_text(raw, "caption"), None, None)
        content = {
            **vars(media),
            "caption": formatted.text or None,
            "caption_entities": formatted.entities or None,
            "media_group_id": _text(raw, "media_group_id") or None,
        }
    replied = _replied(world, chat, _number(raw, "reply_to"))
    topic = addressing.topic(world, chat, _number(raw, "message_thread_id"), replied)
    if topic and replied is None:  # Telegram's clients answer the message that opened the topic
        replied = world.messages.get(chat.id, topic["message_thread_id"])
    message = chatroom.envelope(world, chat, author, reply_to_message=replied, **topic, **content)
    return chatroom.say(world, message, only_bot=_number(raw, "bot_id"))


async def _media(world: World, raw: Mapping[str, Raw]) -> Media | None:
    given = [kind for kind in KINDS if kind in raw]
    if not given:
        return None
    if len(given) > 1 or "text" in raw:
        raise errors.BadRequest("a message carries a text or one file, not both")
    upload = raw[given[0]]
    if not isinstance(upload, Upload):
        raise errors.BadRequest(f"{given[0]} must be a file with a file name")
    return await world.files.take(given[0], upload)


def _replied(world: World, chat: types.Chat, message_id: int | None) -> types.Message | None:
    if message_id is None:
        return None
    replied = world.messages.get(chat.id, message_id)
    if replied is None:
        raise errors.BadRequest("message to be replied not found")
    return replied.model_copy(update={"reply_to_message": None})


def _text(raw: Mapping[str, Raw], name: str) -> str:
    value = raw.get(name, "")
    if not isinstance(value, str):
        raise errors.BadRequest(f"{name} must be text")
    return value


def _number(raw: Mapping[str, Raw], name: str) -> int | None:
    value = raw.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool | list | dict | Upload):
        raise errors.BadRequest(f"{name} must be an integer")
    digits = str(value).removeprefix("-")
    if not digits.isdecimal() or len(digits) > jsontext.MAX_DIGITS:
        raise errors.BadRequest(f"{name} must be an integer")
    return int(value)


async def read(request: web.Request) -> web.Response:
    """Lists the messages with a greater id, oldest first, as they are now: all, or what `viewer_id` sees."""
    world = request.app[WORLD]
    chat = people.existing_chat(world, replies.number_in_path(request, "chat_id"))
    after_id = replies.number_in_query(request, "after_id") or 0
    viewer_id = replies.number_in_query(request, "viewer_id")
    payloads = world.messages.payloads(chat.id, after_id, viewer_id)
    return web.Response(text=f"[{','.join(payloads)}]", content_type="application/json")
