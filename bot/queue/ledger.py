"""Credits: charged when a job is accepted, given back once when it fails or is cancelled, counted by the user's day.

Admins grant more, or take some, for the user's day in which they do it. Each date has one budget, whatever the time
zone it is spent in: who changes the zone may be in tomorrow early, and finds it spent when it comes.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database.models import CreditEntry, CreditReason, Job, User
from bot.queue.errors import NotEnoughCredits
from bot.queue.jobs import Credits, Limits


def day_of(now: datetime, utc_offset_min: int) -> date:
    """The date on the user's wall at this moment."""
    return now.astimezone(timezone(timedelta(minutes=utc_offset_min))).date()


def next_day(now: datetime, utc_offset_min: int) -> datetime:
    """The moment, in UTC, at which the user's next day begins."""
    zone = timezone(timedelta(minutes=utc_offset_min))
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, zone).astimezone(UTC)


def offset_of(user: User, limits: Limits) -> int:
    """The minutes between UTC and the user's clock."""
    return limits.utc_offset_min if user.utc_offset_min is None else user.utc_offset_min


async def credits_of(session: AsyncSession, user: User, limits: Limits, now: datetime) -> Credits:
    """What is left of the user's day. It may be below zero after an admin lowered the daily amount."""
    daily = limits.daily_credits if user.daily_credits is None else user.daily_credits
    utc_offset_min = offset_of(user, limits)
    moved = await session.scalar(
        select(func.coalesce(func.sum(CreditEntry.delta), 0)).where(
            CreditEntry.user_id == user.id, CreditEntry.day == day_of(now, utc_offset_min)
        )
    )
    return Credits(left=daily + (moved or 0), daily=daily, resets_at=next_day(now, utc_offset_min))


async def check(session: AsyncSession, user: User, needed: int, limits: Limits, now: datetime) -> None:
    """Raise NotEnoughCredits when the user's day does not cover `needed`."""
    credits = await credits_of(session, user, limits, now)
    if credits.left < needed:
        raise NotEnoughCredits(needed, credits.left, credits.resets_at)


def charge(session: AsyncSession, user: User, job: Job, limits: Limits, now: datetime) -> None:
    """Book the cost of an accepted job."""
    _book(session, job, -job.cost_credits, CreditReason.CHARGE, day_of(now, offset_of(user, limits)), now)


async def refund(session: AsyncSession, job: Job, now: datetime) -> None:
    """Book a job's charge back to the day of the charge. The schema refuses a second refund."""
    day = await session.scalar(
        select(CreditEntry.day).where(CreditEntry.job_id == job.id, CreditEntry.reason == CreditReason.CHARGE)
    )
    if day is not None:
        _book(session, job, job.cost_credits, CreditReason.REFUND, day, now)


async def grant(
    session: AsyncSession, user: User, delta: int, note: str, key: str | None, limits: Limits, now: datetime
) -> None:
    """Give or take credits of the user's today; a known key changes nothing. ValueError for a delta of 0."""
    if delta == 0:
        raise ValueError("a grant of nothing")
    if key is not None and await session.scalar(
        select(CreditEntry.id).where(CreditEntry.user_id == user.id, CreditEntry.grant_key == key)
    ):
        return
    session.add(
        CreditEntry(
            user_id=user.id,
            delta=delta,
            reason=CreditReason.GRANT,
            day=day_of(now, offset_of(user, limits)),
            created_at=now,
            note=note,
            grant_key=key,
        )
    )


def _book(session: AsyncSession, job: Job, delta: int, reason: CreditReason, day: date, now: datetime) -> None:
    if delta != 0:
        session.add(
            CreditEntry(user_id=job.user_id, job_id=job.id, delta=delta, reason=reason, day=day, created_at=now)
        )
