"""aiogram's conversation state, kept in the bot's own database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database.engine import Database
from bot.database.models import ConversationState

_Key = tuple[int, int, int, int, str, str]


class DatabaseStorage(BaseStorage):
    """State and data of conversations; they survive a restart. Data must be JSON."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """Set or, with None, clear the state."""
        name = state.state if isinstance(state, State) else state
        async with self._database.write() as session:
            row = await _row(session, key, create=name is not None)
            if row is not None:
                row.state = name
                await _drop_if_empty(session, row)

    async def get_state(self, key: StorageKey) -> str | None:
        """The state, or None."""
        async with self._database.read() as session:
            row = await _row(session, key, create=False)
            return None if row is None else row.state

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """Replace the data."""
        async with self._database.write() as session:
            await _put_data(session, key, dict(data))

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        """The data; empty when there is none."""
        async with self._database.read() as session:
            return _data(await _row(session, key, create=False))

    async def update_data(self, key: StorageKey, data: Mapping[str, Any]) -> dict[str, Any]:
        """Merge into the data in one transaction, so that two updates lose nothing, and return the whole."""
        async with self._database.write() as session:
            merged = _data(await _row(session, key, create=False)) | dict(data)
            await _put_data(session, key, merged)
            return merged

    async def close(self) -> None:
        """Nothing to close: the database belongs to the application."""


async def _row(session: AsyncSession, key: StorageKey, *, create: bool) -> ConversationState | None:
    identity: _Key = (
        key.bot_id,
        key.chat_id,
        key.user_id,
        key.thread_id or 0,
        key.business_connection_id or "",
        key.destiny,
    )
    row = await session.get(ConversationState, identity)
    if row is None and create:
        bot_id, chat_id, user_id, thread_id, business_connection_id, destiny = identity
        row = ConversationState(
            bot_id=bot_id,
            chat_id=chat_id,
            user_id=user_id,
            thread_id=thread_id,
            business_connection_id=business_connection_id,
            destiny=destiny,
            data="{}",
        )
        session.add(row)
    return row


def _data(row: ConversationState | None) -> dict[str, Any]:
    if row is None:
        return {}
    data: dict[str, Any] = json.loads(row.data)
    return data


async def _put_data(session: AsyncSession, key: StorageKey, data: dict[str, Any]) -> None:
    row = await _row(session, key, create=bool(data))
    if row is not None:
        row.data = json.dumps(data, ensure_ascii=False)
        await _drop_if_empty(session, row)


async def _drop_if_empty(session: AsyncSession, row: ConversationState) -> None:
    if row.state is None and row.data == "{}":
        await session.flush()
        await session.delete(row)
