"""What a bot says about itself: getMe, commands, name, descriptions, menu button."""

from __future__ import annotations

import re

from aiogram import methods, types
from aiogram.types import BotCommandScopeUnion, MenuButtonUnion
from pydantic import TypeAdapter

from bot.sandbox import errors
from bot.sandbox.bot_api import addressing
from bot.sandbox.bot_api.calls import Call, implements
from bot.sandbox.world import World

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
LANGUAGE = re.compile(r"[a-z]{2}")
MAX_COMMANDS = 100
MAX_COMMAND_DESCRIPTION = 256
TEXT_LIMITS = {"name": 64, "description": 512, "short_description": 120}

COMMANDS: TypeAdapter[list[types.BotCommand]] = TypeAdapter(list[types.BotCommand])
MENU_BUTTON: TypeAdapter[MenuButtonUnion] = TypeAdapter(MenuButtonUnion)


@implements(methods.GetMe)
async def get_me(call: Call, ask: methods.GetMe) -> types.User:
    """Describes the bot."""
    return call.bot


@implements(methods.LogOut)
async def log_out(call: Call, ask: methods.LogOut) -> bool:
    """Accepted: there is no other server to log out from."""
    return True


@implements(methods.Close)
async def close(call: Call, ask: methods.Close) -> bool:
    """Accepted: there is no instance to move."""
    return True


@implements(methods.SetMyCommands)
async def set_my_commands(call: Call, ask: methods.SetMyCommands) -> bool:
    """Stores the command menu of one scope and language."""
    if len(ask.commands) > MAX_COMMANDS:
        raise errors.BadRequest("BOT_COMMANDS_TOO_MUCH")
    for command in ask.commands:
        if COMMAND.fullmatch(command.command.removeprefix("/")) is None:
            raise errors.BadRequest("BOT_COMMAND_INVALID")
        if not 1 <= len(command.description) <= MAX_COMMAND_DESCRIPTION:
            raise errors.BadRequest("BOT_COMMAND_DESCRIPTION_INVALID")
    scope, language = _scope(call, ask.scope), _language(ask.language_code)
    value = COMMANDS.dump_json(ask.commands, exclude_none=True).decode()
    call.world.profiles.set(call.bot.id, "commands", value, scope=scope, language=language)
    return True


@implements(methods.GetMyCommands)
async def get_my_commands(call: Call, ask: methods.GetMyCommands) -> list[types.BotCommand]:
    """Returns the command menu of exactly this scope and language."""
    scope, language = _scope(call, ask.scope), _language(ask.language_code)
    stored = call.world.profiles.get(call.bot.id, "commands", scope=scope, language=language)
    return [] if stored is None else COMMANDS.validate_json(stored)


@implements(methods.DeleteMyCommands)
async def delete_my_commands(call: Call, ask: methods.DeleteMyCommands) -> bool:
    """Removes the command menu of one scope and language."""
    scope, language = _scope(call, ask.scope), _language(ask.language_code)
    call.world.profiles.remove(call.bot.id, "commands", scope=scope, language=language)
    return True


@implements(methods.SetMyName)
async def set_my_name(call: Call, ask: methods.SetMyName) -> bool:
    """Renames the bot in one language; without a language, `getMe` says it too."""
    _set_text(call, "name", ask.name, ask.language_code)
    if ask.name and not ask.language_code:
        call.world.people.add_bot(call.bot.model_copy(update={"first_name": ask.name}))
    return True


@implements(methods.GetMyName)
async def get_my_name(call: Call, ask: methods.GetMyName) -> types.BotName:
    """Returns the name in a language."""
    return types.BotName(name=_text(call, "name", ask.language_code) or call.bot.first_name)


@implements(methods.SetMyDescription)
async def set_my_description(call: Call, ask: methods.SetMyDescription) -> bool:
    """Sets what an empty chat shows."""
    return _set_text(call, "description", ask.description, ask.language_code)


@implements(methods.GetMyDescription)
async def get_my_description(call: Call, ask: methods.GetMyDescription) -> types.BotDescription:
    """Returns the description in a language."""
    return types.BotDescription(description=_text(call, "description", ask.language_code))


@implements(methods.SetMyShortDescription)
async def set_my_short_description(call: Call, ask: methods.SetMyShortDescription) -> bool:
    """Sets what the profile page shows."""
    return _set_text(call, "short_description", ask.short_description, ask.language_code)


@implements(methods.GetMyShortDescription)
async def get_my_short_description(call: Call, ask: methods.GetMyShortDescription) -> types.BotShortDescription:
    """Returns the short description in a language."""
    return types.BotShortDescription(short_description=_text(call, "short_description", ask.language_code))


@implements(methods.SetChatMenuButton)
async def set_chat_menu_button(call: Call, ask: methods.SetChatMenuButton) -> bool:
    """Sets the button beside the input line, in one private chat or in all."""
    button = ask.menu_button or types.MenuButtonDefault()
    value = MENU_BUTTON.dump_json(button, exclude_none=True).decode()
    call.world.profiles.set(call.bot.id, "menu_button", value, scope=_menu_scope(call, ask.chat_id))
    return True


@implements(methods.GetChatMenuButton)
async def get_chat_menu_button(call: Call, ask: methods.GetChatMenuButton) -> MenuButtonUnion:
    """Returns the button beside the input line."""
    return menu_button(call.world, call.bot.id, _menu_scope(call, ask.chat_id))


def menu_button(world: World, bot_id: int, scope: str) -> MenuButtonUnion:
    """Returns the button of a private chat, else that of all, else the command menu."""
    stored = world.profiles.resolve(bot_id, "menu_button", scopes=(scope, ""))
    button = types.MenuButtonDefault() if stored is None else MENU_BUTTON.validate_json(stored)
    return types.MenuButtonCommands() if isinstance(button, types.MenuButtonDefault) else button


def commands_shown(world: World, bot_id: int, chat: types.Chat, user_id: int, language: str) -> list[types.BotCommand]:
    """Returns the menu that a user sees in a chat, by Telegram's order of scopes."""
    is_admin = world.people.status(chat.id, user_id) in ("creator", "administrator")
    if chat.type == "private":
        scopes = [_key("chat", chat.id), _key("all_private_chats"), ""]
    else:
        scopes = [
            _key("chat_member", chat.id, user_id),
            *([_key("chat_administrators", chat.id)] if is_admin else []),
            _key("chat", chat.id),
            *([_key("all_chat_administrators")] if is_admin else []),
            _key("all_group_chats"),
            "",
        ]
    stored = world.profiles.resolve(bot_id, "commands", scopes=scopes, language=language)
    return [] if stored is None else COMMANDS.validate_json(stored)


def _scope(call: Call, scope: BotCommandScopeUnion | None) -> str:
    """Returns the scope as a key; the default scope is the empty one."""
    if scope is None or isinstance(scope, types.BotCommandScopeDefault):
        return ""
    if isinstance(
        scope, types.BotCommandScopeChat | types.BotCommandScopeChatAdministrators | types.BotCommandScopeChatMember
    ):
        chat_id = addressing.chat(call, scope.chat_id).id
        return _key(
            scope.type, chat_id, *([scope.user_id] if isinstance(scope, types.BotCommandScopeChatMember) else [])
        )
    return _key(scope.type)


def _key(kind: str, *ids: int) -> str:
    return ":".join([str(getattr(kind, "value", kind)), *map(str, ids)])


def _language(code: str | None) -> str:
    if code and LANGUAGE.fullmatch(code) is None:
        raise errors.BadRequest("invalid language code specified")
    return code or ""


def _menu_scope(call: Call, chat_id: int | None) -> str:
    return "" if chat_id is None else str(addressing.chat(call, chat_id).id)


def _set_text(call: Call, field: str, text: str | None, language_code: str | None) -> bool:
    if len(text or "") > TEXT_LIMITS[field]:
        raise errors.BadRequest(f"bot {field.replace('_', ' ')} is too long")
    language = _language(language_code)
    if text:
        call.world.profiles.set(call.bot.id, field, text, language=language)
    else:
        call.world.profiles.remove(call.bot.id, field, language=language)
    return True


def _text(call: Call, field: str, language_code: str | None) -> str:
    return call.world.profiles.resolve(call.bot.id, field, language=_language(language_code)) or ""
