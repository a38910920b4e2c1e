"""Reacting to messages as a user."""

from __future__ import annotations

from aiohttp import web
from pydantic import JsonValue

from bot.sandbox import chatroom, errors
from bot.sandbox.bot_api.reactions import checked
from bot.sandbox.keys import WORLD
from bot.sandbox.user_side import bodies, people, replies


def add_routes(app: web.Application) -> None:
    """Adds the routes of this module."""
    app.router.add_post("/sandbox/reactions", react)
    app.router.add_get("/sandbox/chats/{chat_id}/reactions", look)


async def react(request: web.Request) -> web.Response:
    """Puts an emoji on a message, or takes it away; a bot that asked for `message_reaction` updates is told."""
    world = request.app[WORLD]
    wanted = await replies.body_as(request, bodies.NewReaction)
    user = people.existing_user(world, wanted.from_id)
    chat = people.existing_chat(world, wanted.chat_id)
    if not world.people.is_member(chat.id, user.id):
        raise errors.Forbidden(f"user {user.id} is not a member of chat {chat.id}")
    message = world.messages.get(chat.id, wanted.message_id)
    if message is None:
        raise errors.NotFound(f"there is no message {wanted.message_id} in chat {chat.id}")
    chatroom.react(world, message, user, checked(wanted.emoji) if wanted.emoji else None)
    return replies.answer({"ok": True})


async def look(request: web.Request) -> web.Response:
    """Lists the reactions in a chat: `[{message_id, user_id, emoji}]`."""
    world = request.app[WORLD]
    chat = people.existing_chat(world, replies.number_in_path(request, "chat_id"))
    listed: list[dict[str, JsonValue]] = [
        {"message_id": one.message_id, "user_id": one.user_id, "emoji": one.emoji}
        for one in world.reactions.in_chat(chat.id)
    ]
    return replies.answer(listed)
