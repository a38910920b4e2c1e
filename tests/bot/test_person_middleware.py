from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiogram.types import Chat, ErrorEvent, Message, TelegramObject, Update

from bot.database.engine import Database
from bot.database.users import Users
from bot.middlewares.person import PersonMiddleware
from bot.texts import Texts


async def test_nobodys_updates_end_and_nobodys_failures_go_on(tmp_path: Path) -> None:
    heard: list[TelegramObject] = []

    async def handler(event: TelegramObject, data: dict[str, Any]) -> None:
        heard.append(event)

    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'bot.sqlite3'}")  # nobody is looked up: it stays empty
    middleware = PersonMiddleware(Users(database), Texts())
    message = Message(message_id=1, date=datetime.now(UTC), chat=Chat(id=-1, type="channel"))
    failure = ErrorEvent(update=Update(update_id=1, message=message), exception=RuntimeError("no"))
    try:
        await middleware(handler, message, {})
        await middleware(handler, failure, {})
    finally:
        await database.close()
    assert heard == [failure]
