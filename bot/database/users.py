"""Who uses the bot and what they chose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiogram import types
from sqlalchemy import update

from bot.clock import Clock, utc_now
from bot.database import models
from bot.database.engine import Database
from engines import tasks

_SEEN_RESOLUTION: Final = timedelta(minutes=1)  # spares a commit for every message of a busy user


@dataclass(frozen=True, slots=True)
class Person:
    """A user as stored. `language` is the user's own choice, `language_code` what Telegram says."""

    id: int
    first_name: str
    username: str | None
    language_code: str | None
    language: str | None
    utc_offset_min: int
    weight: float
    daily_credits: int | None
    is_banned: bool
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a user paints with unless the prompt says otherwise."""

    model: tasks.Model = tasks.Model.KANDINSKY_3
    aspect_ratio: tasks.AspectRatio = tasks.AspectRatio.SQUARE


class Users:
    """The user rows and their settings."""

    def __init__(self, database: Database, clock: Clock = utc_now, defaults: Preferences | None = None) -> None:
        self._database = database
        self._clock = clock
        self._defaults = defaults or Preferences()

    async def seen(self, user: types.User) -> Person:
        """Add or refresh the row of whoever sent an update, and return it."""
        now = self._clock()
        known = await self.find(user.id)
        if (
            known is not None
            and (known.first_name, known.username, known.language_code)
            == (user.first_name, user.username, user.language_code)
            and now - known.last_seen_at < _SEEN_RESOLUTION
        ):
            return known
        async with self._database.write() as session:
            row = await session.get(models.User, user.id)
            if row is None:
                row = models.User(
                    id=user.id, utc_offset_min=0, weight=1.0, is_banned=False, created_at=now, last_seen_at=now
                )
                session.add(row)
            row.first_name, row.username, row.language_code = user.first_name, user.username, user.language_code
            row.last_seen_at = now
            await session.flush()
            return _person(row)

    async def find(self, user_id: int) -> Person | None:
        """The user with this id, or None."""
        async with self._database.read() as session:
            row = await session.get(models.User, user_id)
            return None if row is None else _person(row)

    async def set_language(self, user_id: int, language: str | None) -> None:
        """Fix the user's language; None goes back to what Telegram says."""
        await self._set(user_id, language=language)

    async def set_utc_offset(self, user_id: int, utc_offset_min: int) -> None:
        """Set where the user's day begins."""
        await self._set(user_id, utc_offset_min=utc_offset_min)

    async def set_banned(self, user_id: int, is_banned: bool) -> None:
        """Ban a user, or lift the ban."""
        await self._set(user_id, is_banned=is_banned)

    async def set_daily_credits(self, user_id: int, daily_credits: int | None) -> None:
        """Give the user a daily budget of their own; None goes back to the default."""
        await self._set(user_id, daily_credits=daily_credits)

    async def set_weight(self, user_id: int, weight: float) -> None:
        """Set the user's share of the devices; jobs already in line are ordered by it at once."""
        async with self._database.write() as session:
            await session.execute(update(models.User).where(models.User.id == user_id).values(weight=weight))
            await session.execute(update(models.Lane).where(models.Lane.user_id == user_id).values(weight=weight))

    async def preferences(self, user_id: int) -> Preferences:
        """What the user chose last, or the defaults."""
        async with self._database.read() as session:
            row = await session.get(models.UserSettings, user_id)
            if row is None:
                return self._defaults
            return Preferences(tasks.Model(row.model), tasks.AspectRatio(row.aspect_ratio))

    async def save_preferences(self, user_id: int, preferences: Preferences) -> None:
        """Remember the user's choice."""
        async with self._database.write() as session:
            await session.merge(
                models.UserSettings(
                    user_id=user_id,
                    model=preferences.model.value,
                    aspect_ratio=preferences.aspect_ratio.value,
                    updated_at=self._clock(),
                )
            )

    async def _set(self, user_id: int, **values: str | int | bool | None) -> None:
        async with self._database.write() as session:
            await session.execute(update(models.User).where(models.User.id == user_id).values(**values))


def _person(row: models.User) -> Person:
    return Person(
        id=row.id,
        first_name=row.first_name,
        username=row.username,
        language_code=row.language_code,
        language=row.language,
        utc_offset_min=row.utc_offset_min,
        weight=row.weight,
        daily_credits=row.daily_credits,
        is_banned=row.is_banned,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
    )
