from __future__ import annotations

from typing import Any

from aiogram import Bot
from aiogram.exceptions import TelegramMigrateToChat
from aiogram.methods import GetMe, Response, SendMessage, TelegramMethod

from bot.moved_chats import MovedChats

BOT = Bot("42:" + "a" * 35)
OLD, NEW = -7, -1_000_000_000_007


class Server:
    """Telegram after the group has become a supergroup."""

    def __init__(self) -> None:
        self.chats: list[int | str | None] = []

    async def __call__(self, bot: Bot, method: TelegramMethod[Any]) -> Response[Any]:
        chat_id = getattr(method, "chat_id", None)
        self.chats.append(chat_id)
        if chat_id == OLD:
            raise TelegramMigrateToChat(
                method=method, message="group chat was upgraded to a supergroup chat", migrate_to_chat_id=NEW
            )
        return Response(ok=True, result=True)


async def test_what_is_meant_for_the_old_chat_goes_to_the_new_one_at_once_the_second_time() -> None:
    server, moved = Server(), MovedChats()
    for _ in range(2):
        assert (await moved(server, BOT, SendMessage(chat_id=OLD, text="a picture"))).ok
    assert server.chats == [OLD, NEW, NEW]


async def test_other_chats_and_calls_without_a_chat_are_left_alone() -> None:
    server, moved = Server(), MovedChats()
    await moved(server, BOT, SendMessage(chat_id=7, text="a picture"))
    await moved(server, BOT, GetMe())
    assert server.chats == [7, None]
