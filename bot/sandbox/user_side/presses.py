"""Pressing buttons as a user."""

from __future__ import annotations

from aiogram import types
from aiohttp import web

from bot.sandbox import chatroom, errors
from bot.sandbox.bot_api.rules import MAX_CALLBACK_DATA_BYTES
from bot.sandbox.keys import WORLD
from bot.sandbox.store.messages import row_id_of
from bot.sandbox.user_side import bodies, people, replies


def add_routes(app: web.Application) -> None:
    """Adds the routes of this module."""
    app.router.add_post("/sandbox/callbacks", press)
    app.router.add_get("/sandbox/callbacks/{query_id}", look)


async def press(request: web.Request) -> web.Response:
    """Presses a button of a bot's message; the bot gets a callback query."""
    world = request.app[WORLD]
    wanted = await replies.body_as(request, bodies.NewPress)
    if len(wanted.data.encode()) > MAX_CALLBACK_DATA_BYTES:
        raise errors.BadRequest(f"data is longer than {MAX_CALLBACK_DATA_BYTES} bytes")
    user = people.existing_user(world, wanted.from_id)
    chat = people.existing_chat(world, wanted.chat_id)
    if not world.people.is_member(chat.id, user.id):
        raise errors.Forbidden(f"user {user.id} is not a member of chat {chat.id}")
    if wanted.ephemeral_message_id:
        message = world.messages.whispered(chat.id, user.id, wanted.ephemeral_message_id)
    else:
        message = world.messages.get(chat.id, wanted.message_id)
    if message is None:
        raise errors.NotFound(f"user {user.id} sees no such message in chat {chat.id}")
    row_id = row_id_of(message)
    bot_id = world.messages.author_id(row_id) or 0
    if world.people.bot(bot_id) is None:
        raise errors.BadRequest("only messages of a bot have buttons")
    with world.database.transaction():
        query_id = world.callbacks.add(
            bot_id=bot_id,
            from_id=user.id,
            chat_id=chat.id,
            message_id=row_id,
            pressed_at=world.clock(),
        )
        query = types.CallbackQuery(
            id=query_id,
            from_user=user,
            chat_instance=str(chat.id),
            message=message,
            data=wanted.data,
        )
        chatroom.queue_update(world, bot_id, "callback_query", types.Update(update_id=0, callback_query=query))
    return replies.answer({"id": query_id})


async def look(request: web.Request) -> web.Response:
    """Tells whether the bot has answered a press, and with what."""
    found = request.app[WORLD].callbacks.get(request.match_info["query_id"])
    if found is None:
        raise errors.NotFound("there is no such callback query")
    answer = {} if found.answer is None else found.answer.model_dump(exclude_none=True)
    return replies.answer({"answered": found.answer is not None, **answer})
