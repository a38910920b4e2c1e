"""A day of 200 users: what they ask for, pay, get back, are given and are refused adds up to the credit.

Everything is real but the engines, Telegram and the clock. Beside it runs a plain account on paper; after each hour and
at the end the two are compared.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import pytest
from aiogram.types import TelegramObject, User
from sqlalchemy import func, insert, select

from bot import costs
from bot.database import models
from bot.database.forgetting import Forgetting
from bot.database.models import CreditEntry, CreditReason, JobStatus
from bot.database.users import Person
from bot.media import MediaStore
from bot.middlewares.person import PersonMiddleware
from bot.queue.errors import LimitReached, NotEnoughCredits
from bot.queue.jobs import Job, Lease, Limits
from bot.queue.sql_queue import SqlJobQueue
from bot.studio import Origin
from engines import tasks
from engines.errors import InvalidTask
from tests.bot.fake_telegram import PATIENCE_S
from tests.bot.rig import TEXTS, Rig, rig, running
from tests.puppet import Painting

USERS: Final = 200
REGULARS: Final = range(1, 21)  # who write, and whom the admin knows, more than others
HOURS: Final = 26  # every user sees a midnight of their own
OFFSETS_MIN: Final = (-720, -300, 0, 0, 60, 180, 180, 345, 840)
DAILY: Final = Limits().daily_credits


class ToldQueue(SqlJobQueue):
    """Tells when a run has ended in the database."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.ended: asyncio.Queue[int] = asyncio.Queue()

    async def finish(self, lease: Lease, artifacts: Any, gpu_ms: int) -> Job:
        job = await super().finish(lease, artifacts, gpu_ms)
        self.ended.put_nowait(job.id)
        return job

    async def fail(self, lease: Lease, error_code: str, retryable: bool) -> JobStatus:
        status = await super().fail(lease, error_code, retryable)
        self.ended.put_nowait(lease.job.id)
        return status

    async def acknowledge_cancel(self, lease: Lease) -> None:
        await super().acknowledge_cancel(lease)
        self.ended.put_nowait(lease.job.id)


@dataclass(slots=True)
class Wish:
    """A job on paper."""

    user_id: int
    credits: int
    day: date
    status: JobStatus = JobStatus.QUEUED


@dataclass(slots=True)
class Account:
    """What a user has, on paper."""

    user: User
    zone: timezone
    daily: int = DAILY
    is_banned: bool = False
    is_blocked: bool = False
    is_forgotten: bool = False
    granted: Counter[date] = field(default_factory=Counter)


class Paper:
    """The account of the whole day, by arithmetic alone."""

    def __init__(self) -> None:
        self.accounts: dict[int, Account] = {}
        self.wishes: dict[int, Wish] = {}

    def today(self, user_id: int, now: datetime) -> date:
        """The date on the user's wall."""
        return now.astimezone(self.accounts[user_id].zone).date()

    def moved(self, user_id: int, day: date) -> int:
        """Credits granted on that day, less those that were paid for what was painted or still may be."""
        kept = (
            wish.credits
            for wish in self.wishes.values()
            if wish.user_id == user_id
            and wish.day == day
            and wish.status not in (JobStatus.FAILED, JobStatus.CANCELLED)
        )
        return self.accounts[user_id].granted[day] - sum(kept)

    def left(self, user_id: int, now: datetime) -> int:
        """What the user may still spend today."""
        return self.accounts[user_id].daily + self.moved(user_id, self.today(user_id, now))

    def queued(self, user_id: int) -> list[int]:
        """The user's jobs in line, oldest first."""
        return [
            job_id
            for job_id, wish in self.wishes.items()
            if wish.user_id == user_id and wish.status is JobStatus.QUEUED
        ]


class Day:
    """The bot, its users and their paper."""

    def __init__(self, rig: Rig, queue: ToldQueue, folder: Path) -> None:
        self.rig = rig
        self.queue = queue
        self.chance = random.Random(20260301)
        self.paper = Paper()
        self.refused: Counter[str] = Counter()
        self.of_seed: dict[int, int] = {}
        self.middleware = PersonMiddleware(rig.world.users, TEXTS)
        self.forgetting = Forgetting(rig.world.database, MediaStore(folder / "media"), rig.world.clock)
        self._numbers = iter(range(1_000_000))

    @property
    def now(self) -> datetime:
        return self.rig.world.clock.now

    async def arrive(self) -> None:
        """Everybody is known to the bot."""
        rows = []
        for user_id in range(1, USERS + 1):
            user = User(id=user_id, is_bot=False, first_name=f"User {user_id}", language_code="en")
            offset_min = self.chance.choice(OFFSETS_MIN)
            account = Account(user, timezone(timedelta(minutes=offset_min)))
            self.paper.accounts[user_id] = account
            has_own = self.chance.random() < 0.3
            if has_own:
                account.daily = self.chance.choice([0, 10, 40])
            rows.append(
                {
                    "id": user_id,
                    "first_name": user.first_name,
                    "language_code": user.language_code,
                    "utc_offset_min": offset_min,
                    "daily_credits": account.daily if has_own else None,
                    "created_at": self.now,
                    "last_seen_at": self.now,
                }
            )
        async with self.rig.world.database.write() as session:
            await session.execute(insert(models.User), rows)

    async def say(self, user_id: int) -> None:
        """The user sends a prompt; a banned one is not heard."""
        account = self.paper.accounts[user_id]
        number = next(self._numbers)
        task = tasks.TextToImage(
            prompt=f"a wish of {user_id}",
            seed=number,
            steps=self.chance.choice([50, 50, 100, 200]),
            count=self.chance.choice([1, 1, 2, 4]),
        )
        heard: list[Person] = []

        async def paint(_: TelegramObject, data: dict[str, Any]) -> None:
            heard.append(data["person"])
            await self._submit(task, data["person"], f"message-{number}")

        await self.middleware(paint, account.user, {"event_from_user": account.user})
        assert bool(heard) is not account.is_banned
        self.refused["banned"] += account.is_banned
        account.is_forgotten &= account.is_banned  # whoever is heard has a name again

    async def _submit(self, task: tasks.Task, person: Person, key: str) -> None:
        left, cost = self.paper.left(person.id, self.now), costs.credits(task)
        is_full = len(self.paper.queued(person.id)) >= Limits().max_queued
        origin = Origin(person.id, None, "en", key)
        try:
            submitted = await self.rig.studio.submit(task, person, origin)
        except LimitReached:
            assert is_full
            self.refused["limit"] += 1
        except NotEnoughCredits as refusal:
            assert left < cost
            assert (refusal.left, refusal.needed) == (left, cost)  # noqa: PT017
            self.refused["credits"] += 1
        else:
            assert not is_full
            assert left >= cost
            again = await self.rig.studio.submit(task, person, origin)
            assert (submitted.created, again.created, again.job.id) == (True, False, submitted.job.id)
            day = self.paper.today(person.id, self.now)
            self.paper.wishes[submitted.job.id] = Wish(person.id, cost, day)
            self.of_seed[task.seed] = submitted.job.id

    async def cancel_one(self, user_id: int) -> None:
        """The user takes the newest job out of the line."""
        if queued := self.paper.queued(user_id):
            person = await self._person(user_id)
            await self.rig.studio.cancel(person, queued[-1])
            self.paper.wishes[queued[-1]].status = JobStatus.CANCELLED

    async def forget(self, user_id: int) -> None:
        """The user wants everything forgotten."""
        await self.rig.studio.cancel_all(await self._person(user_id))
        for job_id in self.paper.queued(user_id):
            self.paper.wishes[job_id].status = JobStatus.CANCELLED
        await self.forgetting.forget(user_id)
        account = self.paper.accounts[user_id]
        account.is_forgotten, account.zone = True, UTC  # the clock was theirs too: the bot's usual one is left

    async def admin_acts(self, user_id: int) -> None:
        """The admin gives, takes, bans, lifts a ban, or sets the daily amount; or the user blocks the bot."""
        users, account = self.rig.world.users, self.paper.accounts[user_id]
        match self.chance.choice(["give", "take", "ban", "lift", "daily", "blocked"]):
            case "give" | "take" as act:
                delta = self.chance.randint(1, 60) * (1 if act == "give" else -1)
                key = f"update-{next(self._numbers)}"
                for _ in range(2):  # the second is a replay
                    credits = await self.queue.grant(user_id, delta, act, key=key)
                account.granted[self.paper.today(user_id, self.now)] += delta
                assert credits.left == self.paper.left(user_id, self.now)
            case "ban" | "lift" as act:
                account.is_banned = act == "ban"
                await users.set_banned(user_id, account.is_banned)
            case "daily":
                account.daily = self.chance.choice([20, 100, DAILY])
                await users.set_daily_credits(user_id, None if account.daily == DAILY else account.daily)
            case _:
                account.is_blocked = not account.is_blocked
                await users.set_blocked(user_id, account.is_blocked)

    async def paint(self, count: int) -> None:
        """The bot runs for some paintings and is stopped with one in hand."""
        async with running(self.rig.runner.run(), self.rig.delivery.run()):
            for _ in range(count):
                if not any(wish.status is JobStatus.QUEUED for wish in self.paper.wishes.values()):
                    return
                painting = await self._next()
                job_id = self.of_seed[painting.task.seed]
                wish = self.paper.wishes[job_id]
                fate = self.chance.random()
                if fate < 0.1:
                    painting.fail(InvalidTask("the puppet does not like it"))
                    wish.status = JobStatus.FAILED
                elif fate < 0.2:
                    await self.rig.studio.cancel(await self._person(wish.user_id), job_id)
                    wish.status = JobStatus.CANCELLED
                else:
                    painting.finish()
                    wish.status = JobStatus.DONE
                assert await asyncio.wait_for(self.queue.ended.get(), PATIENCE_S) == job_id

    async def _next(self) -> Painting:
        while (painting := await self.rig.pool.next()).cancelled:
            pass
        return painting

    async def _person(self, user_id: int) -> Person:
        person = await self.rig.world.users.find(user_id)
        assert person is not None
        return person

    async def compare(self, user_ids: list[int]) -> None:
        """The credits that users are told are those on paper, and the day ends at their own midnight."""
        for user_id in user_ids:
            credits = await self.queue.credits(user_id)
            account = self.paper.accounts[user_id]
            assert (credits.left, credits.daily) == (self.paper.left(user_id, self.now), account.daily)
            tomorrow = self.paper.today(user_id, self.now) + timedelta(days=1)
            assert credits.resets_at == datetime.combine(tomorrow, time.min, account.zone).astimezone(UTC)


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    """A bot that nobody has written to."""
    async with rig(tmp_path, queue_type=ToldQueue) as built:
        assert isinstance(built.queue, ToldQueue)
        yield Day(built, built.queue, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)  # for a machine that is busy with other things; an idle one needs a quarter minute
async def test_a_day_of_two_hundred_users_adds_up_to_the_credit(day: Day) -> None:
    await day.arrive()
    everybody = list(day.paper.accounts)
    for hour in range(HOURS):
        for user_id in [*day.chance.choices(everybody, k=3), *day.chance.choices(REGULARS, k=4)]:
            await day.say(user_id)
        for somebody in (everybody, REGULARS):
            await day.cancel_one(day.chance.choice(somebody))
            await day.admin_acts(day.chance.choice(somebody))
        if hour % 4 == 3:
            await day.forget(day.chance.choice(REGULARS))
        await day.paint(5)
        await day.compare(day.chance.choices(REGULARS, k=5))
        day.rig.world.clock.advance(3600)

    await day.paint(len(day.paper.wishes))
    async with running(day.rig.delivery.run()):
        await day.rig.delivery.recover()
        async with asyncio.timeout(PATIENCE_S):
            while await day.queue.undelivered():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    await day.forgetting.finish()
    await day.compare(everybody)
    await _everything_is_as_on_paper(day)


async def _everything_is_as_on_paper(day: Day) -> None:
    paper = day.paper
    assert min(day.refused["credits"], day.refused["banned"]) >= 3, "a day without refusals proves little"
    ends = Counter(wish.status for wish in paper.wishes.values())
    assert min(ends[JobStatus.DONE], ends[JobStatus.FAILED], ends[JobStatus.CANCELLED]) > 5
    assert ends.total() == len(paper.wishes)

    async with day.rig.world.database.read() as session:
        booked = {
            (user_id, on): moved
            for user_id, on, moved in await session.execute(
                select(CreditEntry.user_id, CreditEntry.day, func.sum(CreditEntry.delta)).group_by(
                    CreditEntry.user_id, CreditEntry.day
                )
            )
        }
        by_reason = dict(
            (
                await session.execute(
                    select(CreditEntry.reason, func.sum(CreditEntry.delta)).group_by(CreditEntry.reason)
                )
            ).all()
        )
    for (user_id, on), moved in booked.items():
        assert moved == paper.moved(user_id, on)
    assert sum(booked.values()) == sum(by_reason.values())
    assert by_reason[CreditReason.CHARGE] == -sum(wish.credits for wish in paper.wishes.values())
    assert by_reason[CreditReason.REFUND] == sum(
        wish.credits for wish in paper.wishes.values() if wish.status in (JobStatus.FAILED, JobStatus.CANCELLED)
    )
    assert by_reason[CreditReason.GRANT] == sum(account.granted.total() for account in paper.accounts.values())

    for job_id, wish in paper.wishes.items():
        job = await day.queue.get(job_id)
        shown = JobStatus.DELIVERED if wish.status is JobStatus.DONE else wish.status
        assert (job.status, job.delivered_at is None) == (shown, False)
    silent = {
        user_id
        for user_id, account in paper.accounts.items()
        if account.is_banned or account.is_blocked or account.is_forgotten
    }
    reachable = [user_id async for user_id in day.rig.world.users.everyone_reachable()]
    assert reachable == sorted({*paper.accounts, day.rig.ann.id} - silent)
