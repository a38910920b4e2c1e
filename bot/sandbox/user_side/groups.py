"""Groups: making them, opening topics in a forum, and the place of the bot."""

from __future__ import annotations

from aiogram import types
from aiohttp import web

from bot.sandbox import chatroom, errors
from bot.sandbox.keys import WORLD
from bot.sandbox.user_side import bodies, people, replies

TOPIC_COLOUR = 0x6FB9F0  # the first of the six that Telegram offers


def add_routes(app: web.Application) -> None:
    """Adds the routes of this module."""
    app.router.add_post("/sandbox/chats", create)
    app.router.add_post("/sandbox/chats/{chat_id}/topics", open_topic)
    app.router.add_post("/sandbox/chats/{chat_id}/bot", place_bot)


async def create(request: web.Request) -> web.Response:
    """Makes a group of users with every bot in it."""
    world = request.app[WORLD]
    wanted = await replies.body_as(request, bodies.NewGroup)
    if wanted.is_forum and wanted.type != "supergroup":
        raise errors.BadRequest("only a supergroup can be a forum")
    for user_id in wanted.member_ids:
        people.existing_user(world, user_id)
    with world.database.transaction():
        chat = world.people.add_group(wanted.type, wanted.title, is_forum=wanted.is_forum)
        for position, user_id in enumerate(dict.fromkeys(wanted.member_ids)):
            world.people.set_member(chat.id, user_id, "member" if position else "creator")
        for bot in world.people.bots():
            chatroom.join(world, bot, chat)
    return replies.answer(chat)


async def open_topic(request: web.Request) -> web.Response:
    """Opens a topic as a user; the id of the message that says so is the `message_thread_id` of the topic."""
    world = request.app[WORLD]
    chat = people.existing_chat(world, replies.number_in_path(request, "chat_id"))
    wanted = await replies.body_as(request, bodies.NewTopic)
    author = people.existing_user(world, wanted.from_id)
    if not chat.is_forum:
        raise errors.BadRequest("the chat is not a forum")
    if not world.people.is_member(chat.id, author.id):
        raise errors.Forbidden(f"user {author.id} is not a member of chat {chat.id}")
    opened = types.ForumTopicCreated(name=wanted.name, icon_color=TOPIC_COLOUR)
    with world.database.transaction():
        message = chatroom.post(world, chatroom.envelope(world, chat, author, forum_topic_created=opened), author.id)
        place = {"message_thread_id": message.message_id, "is_topic_message": True}
        return replies.answer(chatroom.revise(world, message.model_copy(update=place)))


async def place_bot(request: web.Request) -> web.Response:
    """Makes every bot in a group an administrator or a plain member, or removes it; they get `my_chat_member`."""
    world = request.app[WORLD]
    chat = people.existing_chat(world, replies.number_in_path(request, "chat_id"))
    wanted = await replies.body_as(request, bodies.BotPlace)
    if chat.type == "private":
        raise errors.BadRequest("a private chat has no members to place")
    owner_id = next((user_id for user_id, status in world.people.members(chat.id).items() if status == "creator"), 0)
    with world.database.transaction():
        for bot in world.people.bots():
            old = world.people.status(chat.id, bot.id)
            if old != wanted.status:
                world.people.set_member(chat.id, bot.id, wanted.status)
                by = world.people.user(owner_id) or bot
                chatroom.change_membership(world, bot, chat, by=by, old=old, new=wanted.status)
    return replies.answer({"status": wanted.status})
