"""Maintenance: nothing new is taken, what is in line is finished, and everybody is told.

The switch is durable. Wishes that come meanwhile are refused with the operator's text; who was refused is told when it
is over. Once the last open job has ended, the admin who switched it on hears that the bot may be stopped.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramForbiddenError
from pydantic import BaseModel, ConfigDict

from bot.pacing import Priority
from bot.queue import errors
from bot.telegram_session import priority

if TYPE_CHECKING:
    from bot.database.state import BotState
    from bot.database.statistics import Statistics
    from bot.database.users import Users
    from bot.texts import Texts, Translator

log = structlog.get_logger(__name__)

_KEY: Final = "maintenance"
_LOOK_EVERY_S: Final = 1.0
_RETRY_S: Final = 5.0
REFUSED_LIMIT: Final = 10_000  # people who are told when it is over; more would make the durable note long


class _Switch(BaseModel):
    """What is durable. `admin_id` is whoever switched it on; `drained`: that admin has been told."""

    model_config = ConfigDict(frozen=True)

    is_on: bool = False
    text: str = ""
    admin_id: int = 0
    drained: bool = False
    refused: tuple[int, ...] = ()


class Maintenance:
    """The switch, and the tasks that follow from it."""

    def __init__(self, state: BotState, statistics: Statistics, users: Users, bot: Bot, texts: Texts) -> None:
        self._state = state
        self._statistics = statistics
        self._users = users
        self._bot = bot
        self._texts = texts
        self._switch = _Switch()
        self._lock = asyncio.Lock()  # one change at a time: memory and database never differ
        self._changed = asyncio.Event()

    @property
    def is_on(self) -> bool:
        """Nothing new is taken."""
        return self._switch.is_on

    @property
    def text(self) -> str:
        """The operator's words for it; may be empty."""
        return self._switch.text

    async def load(self) -> None:
        """Take up the switch as the last process left it."""
        stored = await self._state.get(_KEY)
        if stored is not None:
            self._switch = _Switch.model_validate(stored)

    async def admit(self, user_id: int) -> None:
        """Let a wish pass. Raises queue.errors.Maintenance while it is on, and remembers whom to tell."""
        if not self._switch.is_on:
            return
        async with self._lock:
            refused = self._switch.refused
            if user_id not in refused and len(refused) < REFUSED_LIMIT:
                await self._put(self._switch.model_copy(update={"refused": (*refused, user_id)}))
        raise errors.Maintenance(self._switch.text)

    async def switch_on(self, admin_id: int, text: str) -> None:
        """Take nothing new from now on; once more with other words changes the words."""
        async with self._lock:
            await self._put(
                _Switch(is_on=True, text=text, admin_id=admin_id, refused=self._switch.refused, drained=False)
            )
        log.info("maintenance_on")

    async def switch_off(self) -> bool:
        """Take wishes again; False when it was off already."""
        async with self._lock:
            was_on = self._switch.is_on
            if was_on:
                await self._put(_Switch(refused=self._switch.refused))
                log.info("maintenance_off", people_to_tell=len(self._switch.refused))
            return was_on

    async def run(self) -> None:
        """Tell who wants to know, until cancelled."""
        while True:
            self._changed.clear()
            try:
                await self._go_on()
            except Exception:
                log.exception("maintenance_interrupted")  # the database is out of reach: the switch keeps its position
                await asyncio.sleep(_RETRY_S)

    async def _go_on(self) -> None:
        """Do what follows from the switch's position, or wait until it is another."""
        if self._switch.is_on and not self._switch.drained:
            await self._look_whether_drained()
            await asyncio.sleep(_LOOK_EVERY_S)
        elif not self._switch.is_on and self._switch.refused:
            await self._tell_next()
        else:
            await self._changed.wait()

    async def _look_whether_drained(self) -> None:
        load = await self._statistics.now()
        if load.queued or load.running:
            return
        async with self._lock:
            if not self._switch.is_on:
                return
            await self._put(self._switch.model_copy(update={"drained": True}))
        log.info("drained")
        await self._tell(self._switch.admin_id, "maintenance-drained", Priority.ANSWER)

    async def _tell_next(self) -> None:
        """Strike one of the refused off the list, then tell them: a crash in between tells nobody twice."""
        async with self._lock:
            if self._switch.is_on or not self._switch.refused:
                return
            user_id, *rest = self._switch.refused
            await self._put(self._switch.model_copy(update={"refused": tuple(rest)}))
        await self._tell(user_id, "maintenance-over", Priority.BROADCAST)

    async def _tell(self, user_id: int, key: str, level: Priority) -> None:
        t = await self._translator(user_id)
        try:
            with priority(level):
                await self._bot.send_message(user_id, t(key))
        except TelegramForbiddenError:
            await self._users.set_blocked(user_id, True)
        except (TelegramAPIError, OSError) as error:
            log.info("maintenance_not_told", error=type(error).__name__)

    async def _translator(self, user_id: int) -> Translator:
        person = await self._users.find(user_id)
        return self._texts.translator(None if person is None else person.language or person.language_code)

    async def _put(self, switch: _Switch) -> None:
        await self._state.put(_KEY, switch.model_dump(mode="json"))
        self._switch = switch
        self._changed.set()
