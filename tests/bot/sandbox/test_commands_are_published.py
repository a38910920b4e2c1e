"""The command menus and descriptions as a sandbox shows them."""

from __future__ import annotations

from aiogram import Bot, types
from aiogram.types import BotCommandScopeAllGroupChats, BotCommandScopeChat

from bot import commands
from bot.sandbox.client import SandboxClient
from bot.texts import Texts

TEXTS = Texts()


def names(menu: list[types.BotCommand]) -> tuple[str, ...]:
    return tuple(command.command for command in menu)


async def test_menus_differ_by_chat_and_language(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    await commands.publish(bot, TEXTS, [ann.id])
    assert names(await bot.get_my_commands()) == commands.GROUP
    assert names(await bot.get_my_commands(BotCommandScopeAllGroupChats())) == commands.GROUP
    own = await bot.get_my_commands(BotCommandScopeChat(chat_id=ann.id))
    assert names(own) == commands.PRIVATE + commands.ADMIN
    russian = await bot.get_my_commands(language_code="ru")
    assert names(russian) == commands.GROUP
    assert russian[0].description == TEXTS.plain("ru", "command-imagine")
    assert (await bot.get_my_description()).description == TEXTS.plain("en", "bot-description")
    assert (await bot.get_my_short_description("ru")).short_description == TEXTS.plain("ru", "bot-short-description")
    assert isinstance(await bot.get_chat_menu_button(), types.MenuButtonCommands)


async def test_what_is_shown_already_is_not_set_again(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    await commands.publish(bot, TEXTS, [ann.id])
    before = len([call for call in await people.calls() if call.method.startswith("set")])
    await commands.publish(bot, TEXTS, [ann.id])
    after = len([call for call in await people.calls() if call.method.startswith("set")])
    assert before > 0
    assert after == before


async def test_an_admin_who_never_wrote_does_not_hold_up_the_rest(bot: Bot, people: SandboxClient) -> None:
    await commands.publish(bot, TEXTS, [777])
    assert names(await bot.get_my_commands()) == commands.GROUP
    assert (await bot.get_my_description()).description == TEXTS.plain("en", "bot-description")


def test_every_menu_fits_telegram() -> None:
    for menu in commands.menus(TEXTS, [1]):
        assert len(menu.commands) == len(set(names(list(menu.commands)))) <= 100
        assert all(1 <= len(command.description) <= 256 for command in menu.commands)
