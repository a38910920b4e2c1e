"""What Telegram itself shows of the bot: commands and descriptions, in every language and for every kind of chat."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
    BotCommandScopeUnion,
    MenuButtonCommands,
)

from bot.telegram_session import Priority, priority
from bot.texts import Texts, Translator

log = structlog.get_logger(__name__)

PRIVATE: Final = (
    "start", "menu", "imagine", "settings", "history", "queue", "quota", "language", "timezone", "cancel", "help",
    "forget",
)  # fmt: skip
GROUP: Final = ("imagine", "settings", "queue", "cancel", "help")
ADMIN: Final = (
    "admin", "user", "ban", "unban", "jobs", "engines", "maintenance", "broadcast", "stats", "audit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Menu:
    """The commands of one kind of chat in one language; language None serves everybody without one of their own."""

    scope: BotCommandScopeUnion
    language_code: str | None
    commands: tuple[BotCommand, ...]


def menus(texts: Texts, admin_ids: Collection[int]) -> Iterator[Menu]:
    """Everything that the command menu can show. An admin's private chat has the commands of everybody and more."""
    scopes: list[tuple[BotCommandScopeUnion, tuple[str, ...]]] = [
        (BotCommandScopeDefault(), GROUP),
        (BotCommandScopeAllPrivateChats(), PRIVATE),
        (BotCommandScopeAllGroupChats(), GROUP),
        *((BotCommandScopeChat(chat_id=admin_id), PRIVATE + ADMIN) for admin_id in admin_ids),
    ]
    for code, t in _languages(texts):
        for scope, names in scopes:
            commands = (BotCommand(command=name, description=t.plain(f"command-{name}")) for name in names)
            yield Menu(scope, code, tuple(commands))


async def publish(bot: Bot, texts: Texts, admin_ids: Collection[int] = ()) -> None:
    """Set what differs from what is shown already. A failure is logged: the next start tries again."""
    with priority(Priority.BROADCAST):  # nobody waits for it
        for menu in menus(texts, admin_ids):
            await _attempt("commands", _set_commands(bot, menu))
        for code, t in _languages(texts):
            await _attempt("descriptions", _set_descriptions(bot, code, t))
        await _attempt("menu_button", _set_menu_button(bot))


async def _attempt(part: str, step: Awaitable[None]) -> None:
    """Take one step; one that fails (an admin who never wrote to the bot has no chat) does not hold up the others."""
    try:
        await step
    except (TelegramAPIError, OSError) as error:
        log.info("profile_not_published", part=part, error=type(error).__name__)


async def _set_commands(bot: Bot, menu: Menu) -> None:
    shown = await bot.get_my_commands(menu.scope, menu.language_code)
    if _words(shown) != _words(menu.commands):  # the objects also differ in the bot that they belong to
        await bot.set_my_commands(list(menu.commands), menu.scope, menu.language_code)


async def _set_descriptions(bot: Bot, code: str | None, t: Translator) -> None:
    description, short = t.plain("bot-description"), t.plain("bot-short-description")
    if (await bot.get_my_description(code)).description != description:
        await bot.set_my_description(description, code)
    if (await bot.get_my_short_description(code)).short_description != short:
        await bot.set_my_short_description(short, code)


async def _set_menu_button(bot: Bot) -> None:
    if not isinstance(await bot.get_chat_menu_button(), MenuButtonCommands):
        await bot.set_chat_menu_button(menu_button=MenuButtonCommands())


def _words(commands: Iterable[BotCommand]) -> list[tuple[str, str]]:
    return [(command.command, command.description) for command in commands]


def _languages(texts: Texts) -> Iterator[tuple[str | None, Translator]]:
    for language in texts.languages:
        yield None if language == texts.default_language else language, texts.translator(language)
