"""Who uses the bot and what they chose."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiogram import types
from sqlalchemy import func, select, update

from bot.clock import Clock, utc_now
from bot.database import models
from bot.database.engine import Database
from engines import tasks

_SEEN_RESOLUTION: Final = timedelta(minutes=1)  # spares a commit for every message of a busy user
_IDS_AT_ONCE: Final = 500


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
    blocked_at: datetime | None = None  # since then the user takes no messages from the bot


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a user paints with unless the prompt says otherwise. No style is ""; no seed is a random one."""

    model: tasks.Model = tasks.Model.KANDINSKY_3
    aspect_ratio: tasks.AspectRatio = tasks.AspectRatio.SQUARE
    refine: bool = False
    style: str = ""
    negative_prompt: str = ""
    count: int = 1
    seed: int | None = None


class Users:
    """The user rows and their settings."""

    def __init__(
        self,
        database: Database,
        clock: Clock = utc_now,
        defaults: Preferences | None = None,
        *,
        utc_offset_min: int = 0,
    ) -> None:
        self._database = database
        self._clock = clock
        self._defaults = defaults or Preferences()
        self._utc_offset_min = utc_offset_min  # of users who have not chosen theirs

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
                row = models.User(id=user.id, weight=1.0, is_banned=False, created_at=now, last_seen_at=now)
                session.add(row)
            row.first_name, row.username, row.language_code = user.first_name, user.username, user.language_code
            row.last_seen_at = now
            await session.flush()
            return self._person(row)

    async def find(self, user_id: int) -> Person | None:
        """The user with this id, or None."""
        async with self._database.read() as session:
            row = await session.get(models.User, user_id)
            return None if row is None else self._person(row)

    async def by_name(self, username: str) -> Person | None:
        """The user with this @name, in any case of letters; of several, whom the bot has heard last."""
        name = username.removeprefix("@").lower()
        async with self._database.read() as session:
            row = await session.scalar(
                select(models.User)
                .where(func.lower(models.User.username) == name)
                .order_by(models.User.last_seen_at.desc())
                .limit(1)
            )
            return None if row is None else self._person(row)

    async def everyone_reachable(self) -> AsyncIterator[int]:
        """The ids, ascending, of all who are neither banned nor forgotten and have not blocked the bot.

        It reads some at a time: whoever takes hours to write to everyone keeps no transaction open.
        """
        last_id = None
        while True:
            query = (
                select(models.User.id)
                .where(
                    ~models.User.is_banned,
                    models.User.blocked_at.is_(None),
                    models.User.first_name != "",  # forgotten, and not heard since
                )
                .order_by(models.User.id)
                .limit(_IDS_AT_ONCE)
            )
            if last_id is not None:
                query = query.where(models.User.id > last_id)
            async with self._database.read() as session:
                user_ids = (await session.scalars(query)).all()
            if not user_ids:
                return
            for user_id in user_ids:
                yield user_id
            last_id = user_ids[-1]

    async def set_blocked(self, user_id: int, is_blocked: bool) -> None:
        """Note that the user has blocked the bot, or takes its messages again."""
        await self._set(user_id, blocked_at=self._clock() if is_blocked else None)

    async def set_language(self, user_id: int, language: str | None) -> None:
        """Fix the user's language; None goes back to what Telegram says."""
        await self._set(user_id, language=language)

    async def set_utc_offset(self, user_id: int, utc_offset_min: int | None) -> None:
        """Set where the user's day begins; None goes back to the default."""
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
            return Preferences(
                model=tasks.Model(row.model),
                aspect_ratio=tasks.AspectRatio(row.aspect_ratio),
                refine=row.refine,
                style=row.style,
                negative_prompt=row.negative_prompt,
                count=row.count,
                seed=row.seed,
            )

    async def save_preferences(self, user_id: int, preferences: Preferences) -> None:
        """Remember the user's choice."""
        async with self._database.write() as session:
            await session.merge(
                models.UserSettings(
                    user_id=user_id,
                    model=preferences.model.value,
                    aspect_ratio=preferences.aspect_ratio.value,
                    refine=preferences.refine,
                    style=preferences.style,
                    negative_prompt=preferences.negative_prompt,
                    count=preferences.count,
                    seed=preferences.seed,
                    updated_at=self._clock(),
                )
            )

    async def _set(self, user_id: int, **values: str | int | bool | datetime | None) -> None:
        async with self._database.write() as session:
            await session.execute(update(models.User).where(models.User.id == user_id).values(**values))

    def _person(self, row: models.User) -> Person:
        return Person(
            id=row.id,
            first_name=row.first_name,
            username=row.username,
            language_code=row.language_code,
            language=row.language,
            utc_offset_min=self._utc_offset_min if row.utc_offset_min is None else row.utc_offset_min,
            weight=row.weight,
            daily_credits=row.daily_credits,
            is_banned=row.is_banned,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            blocked_at=row.blocked_at,
        )
