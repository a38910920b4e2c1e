"""Users, groups, blocks, and what the bot says about itself."""

from __future__ import annotations

from aiogram import types
from aiohttp import web

from bot.sandbox import chatroom, errors
from bot.sandbox.bot_api import profile
from bot.sandbox.keys import WORLD
from bot.sandbox.store.people import BOT_TO_COME
from bot.sandbox.user_side import bodies, replies
from bot.sandbox.world import World

DEFAULT_LANGUAGE = "en"


def add_routes(app: web.Application) -> None:
    """Adds the routes of this module."""
    app.router.add_post("/sandbox/users", create_user)
    app.router.add_get("/sandbox/users", list_users)
    app.router.add_post("/sandbox/users/{user_id}/block", block)
    app.router.add_get("/sandbox/chats", list_chats)
    app.router.add_get("/sandbox/bot", describe_bot)


async def create_user(request: web.Request) -> web.Response:
    """Makes a user; the same id again renames him."""
    world = request.app[WORLD]
    wanted = await replies.body_as(request, bodies.NewUser)
    user_id = world.people.next_user_id() if wanted.id is None else wanted.id
    if world.people.bot(user_id) is not None:
        raise errors.BadRequest(f"{user_id} is the id of a bot")
    user = wanted.user(user_id)
    world.people.add_user(user)
    return replies.answer(user)


async def list_users(request: web.Request) -> web.Response:
    """Lists the users."""
    return replies.answer(request.app[WORLD].people.users())


async def list_chats(request: web.Request) -> web.Response:
    """Lists private chats and groups, each with the ids of its members and of its administrators."""
    world = request.app[WORLD]
    return replies.answer(
        [{**chat.model_dump(exclude_none=True), **_ids(world, chat)} for chat in world.people.chats()]
    )


def _ids(world: World, chat: types.Chat) -> dict[str, list[int]]:
    if chat.type == "private":
        return {"member_ids": [chat.id], "administrator_ids": []}
    members = world.people.members(chat.id)
    return {
        "member_ids": sorted(members),
        "administrator_ids": sorted(user_id for user_id, status in members.items() if status != "member"),
    }


async def block(request: web.Request) -> web.Response:
    """Lets a user block the bot, or unblock it; the bot gets `my_chat_member`."""
    world = request.app[WORLD]
    user = existing_user(world, replies.number_in_path(request, "user_id"))
    wanted = await replies.body_as(request, bodies.Block)
    chat = world.people.chat(user.id)
    bots = [bot for bot in world.people.bots() if wanted.bot_id in (None, bot.id)]
    if chat is None or not bots:
        raise errors.NotFound("no such bot")
    with world.database.transaction():
        for bot in bots:
            if world.people.has_blocked(user.id, bot.id) == wanted.blocked:
                continue
            world.people.set_blocked(user.id, bot.id, wanted.blocked)
            old, new = ("member", "kicked") if wanted.blocked else ("kicked", "member")
            chatroom.change_membership(world, bot, chat, by=user, old=old, new=new)
    return replies.answer({"blocked": wanted.blocked})


async def describe_bot(request: web.Request) -> web.Response:
    """Returns the bot and what a user sees of it; `bot` is missing while none has called."""
    world = request.app[WORLD]
    bots = world.people.bots()
    wanted = replies.number_in_query(request, "bot_id")
    bot = next((bot for bot in bots if wanted in (None, bot.id)), None)
    if bot is None:
        return replies.answer({"commands": [], "description": "", "short_description": ""})
    language = request.query.get("language_code", DEFAULT_LANGUAGE)[:2].lower()
    user_id = replies.number_in_query(request, "user_id") or 0
    chat_id = replies.number_in_query(request, "chat_id") or user_id
    chat = world.people.chat(chat_id) or types.Chat(id=chat_id, type="private")

    def text(field: str) -> str:
        return world.profiles.resolve(bot.id, field, language=language) or ""

    return replies.answer(
        {
            "bot": bot,
            "name": text("name") or bot.first_name,
            "description": text("description"),
            "short_description": text("short_description"),
            "commands": profile.commands_shown(world, bot.id, chat, user_id or chat_id, language),
            "menu_button": profile.menu_button(world, bot.id, str(chat_id)),
        }
    )


def existing_user(world: World, user_id: int) -> types.User:
    """Returns a user; raises NotFound."""
    user = world.people.user(user_id) if user_id != BOT_TO_COME else None
    if user is None:
        raise errors.NotFound(f"there is no user {user_id}")
    return user


def existing_chat(world: World, chat_id: int) -> types.Chat:
    """Returns a chat; raises NotFound."""
    chat = world.people.chat(chat_id)
    if chat is None:
        raise errors.NotFound(f"there is no chat {chat_id}")
    return chat
