"""Updates are stored before they are acknowledged, handled in order, and replayed after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiogram import Bot, Dispatcher
from aiogram.types import Chat, Message, Update, User

from bot.database import migrate
from bot.database.engine import Database
from bot.database.inbox import Inbox
from bot.intake import Intake
from tests.bot.fake_telegram import PATIENCE_S

TOKEN = "42:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"


def _update(update_id: int, chat_id: int, text: str) -> Update:
    message = Message(
        message_id=update_id,
        date=datetime(2026, 1, 1, tzinfo=UTC),
        chat=Chat(id=chat_id, type="private"),
        from_user=User(id=chat_id, is_bot=False, first_name="Ann"),
        text=text,
    )
    return Update(update_id=update_id, message=message)


class Heard:
    """A dispatcher whose only handler writes down what it hears, and waits where it is told to."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._heard = asyncio.Condition()
        self.blocked: dict[int, asyncio.Event] = {}
        self.dispatcher = Dispatcher()
        self.dispatcher.message()(self._hear)

    async def _hear(self, message: Message) -> None:
        if message.chat.id in self.blocked:
            await self.blocked[message.chat.id].wait()
        if message.text == "crash":
            raise RuntimeError("a handler that fails")
        async with self._heard:
            self.texts.append(message.text or "")
            self._heard.notify_all()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S), self._heard:
            await self._heard.wait_for(lambda: len(self.texts) >= count)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'bot.sqlite3'}")
    await migrate.migrate_database(database)
    yield database
    await database.close()


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    bot = Bot(TOKEN)
    yield bot
    await bot.session.close()


async def test_updates_of_a_chat_are_handled_in_order(database: Database, bot: Bot) -> None:
    heard = Heard()
    intake = Intake(Inbox(database), heard.dispatcher, bot)
    await intake.accept([_update(number, 7, str(number)) for number in range(1, 6)])
    await heard.until(5)
    assert heard.texts == ["1", "2", "3", "4", "5"]
    await intake.close()


async def test_a_chat_that_waits_delays_nobody_else(database: Database, bot: Bot) -> None:
    heard = Heard()
    heard.blocked[7] = asyncio.Event()
    intake = Intake(Inbox(database), heard.dispatcher, bot)
    await intake.accept([_update(1, 7, "slow"), _update(2, 8, "quick")])
    await heard.until(1)
    assert heard.texts == ["quick"]
    heard.blocked[7].set()
    await heard.until(2)
    await intake.close()


async def test_a_replayed_update_is_handled_once(database: Database, bot: Bot) -> None:
    heard = Heard()
    intake = Intake(Inbox(database), heard.dispatcher, bot)
    await intake.accept([_update(1, 7, "once"), _update(1, 7, "once")])
    await intake.accept([_update(1, 7, "once"), _update(2, 7, "next")])
    await heard.until(2)
    assert heard.texts == ["once", "next"]
    await intake.close()


async def test_what_was_accepted_and_not_handled_is_handled_after_a_restart(database: Database, bot: Bot) -> None:
    inbox = Inbox(database)
    before = Heard()
    before.blocked[7] = asyncio.Event()
    dying = Intake(inbox, before.dispatcher, bot)
    await dying.accept([_update(1, 7, "a"), _update(2, 7, "b")])
    assert before.texts == []

    after = Heard()
    restarted = Intake(inbox, after.dispatcher, bot)
    await restarted.recover()
    await after.until(2)
    assert after.texts == ["a", "b"]
    await restarted.close()
    before.blocked[7].set()
    await dying.close()


async def test_a_handled_update_is_not_replayed_and_its_text_is_erased(database: Database, bot: Bot) -> None:
    heard = Heard()
    inbox = Inbox(database)
    intake = Intake(inbox, heard.dispatcher, bot)
    await intake.accept([_update(1, 7, "private words")])
    await heard.until(1)
    await intake.close()
    assert await inbox.unhandled() == []
    async with database.read() as session:
        connection = await session.connection()
        rows = (await connection.exec_driver_sql("SELECT payload FROM updates")).all()
    assert [tuple(row) for row in rows] == [(None,)]


async def test_a_handler_that_fails_does_not_block_its_chat(database: Database, bot: Bot) -> None:
    heard = Heard()
    intake = Intake(Inbox(database), heard.dispatcher, bot)
    await intake.accept([_update(1, 7, "crash"), _update(2, 7, "still here")])
    await heard.until(1)
    assert heard.texts == ["still here"]
    await intake.close()
