from __future__ import annotations

from typing import Any

import pytest
from aiogram import Bot, types
from aiogram.exceptions import TelegramBadRequest

from bot.sandbox.client import SandboxClient


def command(name: str) -> types.BotCommand:
    return types.BotCommand(command=name, description=name.title())


async def shown(people: SandboxClient, **query: Any) -> dict[str, Any]:
    async with people.http.get("/sandbox/bot", params=query) as response:
        body: dict[str, Any] = await response.json()
    return body


async def names(people: SandboxClient, **query: Any) -> list[str]:
    return [found["command"] for found in (await shown(people, **query))["commands"]]


async def test_the_menu_follows_telegrams_order_of_scopes_and_languages(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    await bot.set_my_commands([command("default")])
    assert await names(people, user_id=ann.id) == ["default"]
    await bot.set_my_commands([command("private")], scope=types.BotCommandScopeAllPrivateChats())
    await bot.set_my_commands([command("private_ru")], scope=types.BotCommandScopeAllPrivateChats(), language_code="ru")
    assert await names(people, user_id=ann.id) == ["private"]
    assert await names(people, user_id=ann.id, language_code="ru") == ["private_ru"]
    await bot.set_my_commands([command("anns")], scope=types.BotCommandScopeChat(chat_id=ann.id))
    assert await names(people, user_id=ann.id, language_code="ru") == ["anns"]
    await bot.delete_my_commands(scope=types.BotCommandScopeChat(chat_id=ann.id))
    assert await names(people, user_id=ann.id, language_code="ru") == ["private_ru"]
    group = await people.create_group("Painters", [ann])
    assert await names(people, chat_id=group.id, user_id=ann.id) == ["default"]
    assert [found.command for found in await bot.get_my_commands()] == ["default"]


@pytest.mark.parametrize("name", ["Start", "a-b", "", "x" * 33])
async def test_bad_commands_are_refused(bot: Bot, name: str) -> None:
    with pytest.raises(TelegramBadRequest, match="BOT_COMMAND_INVALID"):
        await bot.set_my_commands([types.BotCommand(command=name, description="x")])


async def test_name_and_descriptions_by_language(bot: Bot, people: SandboxClient) -> None:
    await bot.set_my_name("Kandinsky")
    await bot.set_my_description("Paints")
    await bot.set_my_description("Рисует", language_code="ru")
    await bot.set_my_short_description("Short")
    assert (await bot.get_me()).first_name == "Kandinsky"
    assert (await bot.get_my_name()).name == "Kandinsky"
    assert (await bot.get_my_description(language_code="ru")).description == "Рисует"
    assert (await bot.get_my_description(language_code="de")).description == "Paints"
    assert (await bot.get_my_short_description()).short_description == "Short"
    assert (await shown(people, language_code="ru"))["description"] == "Рисует"
    with pytest.raises(TelegramBadRequest, match="bot name is too long"):
        await bot.set_my_name("x" * 65)


async def test_the_menu_button_of_one_chat_goes_before_that_of_all(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    app = types.MenuButtonWebApp(text="Studio", web_app=types.WebAppInfo(url="https://a.example"))
    assert (await bot.get_chat_menu_button()).type == "commands"
    await bot.set_chat_menu_button(chat_id=ann.id, menu_button=app)
    assert (await bot.get_chat_menu_button(chat_id=ann.id)).model_dump() == app.model_dump()
    assert (await shown(people, user_id=ann.id))["menu_button"]["text"] == "Studio"
    assert (await bot.get_chat_menu_button()).type == "commands"


async def test_calls_of_other_frameworks_at_their_start_are_answered(bot: Bot) -> None:
    assert await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.log_out()
    assert await bot.close()
    assert (await bot.get_webhook_info()).pending_update_count == 0
