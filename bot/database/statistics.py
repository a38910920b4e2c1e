"""Figures for admins, aggregated by the database: what was painted, how long it took, who asked for it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    Select,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from bot.clock import Clock, utc_now
from bot.database.engine import Database
from bot.database.models import Job, JobStatus, User
from bot.database.types import UtcDateTime

HOURLY_UP_TO: Final = timedelta(days=2)  # longer spans are counted by days
BUSIEST: Final = 10

_PAINTED: Final = (JobStatus.DONE, JobStatus.DELIVERED)


@dataclass(frozen=True, slots=True)
class Bucket:
    """The jobs that ended in one hour or day; it begins at `start`, counted from the beginning of the span."""

    start: datetime
    done: int
    failed: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took, over all painted jobs of the span."""

    mean_s: float
    p50_s: float
    p95_s: float


@dataclass(frozen=True, slots=True)
class BusyUser:
    """One user's painted jobs and the device time they took."""

    user_id: int
    jobs: int
    gpu_ms: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened from `since` to before `until`. `wait` and `run` are None when nothing was painted."""

    since: datetime
    until: datetime
    step: timedelta
    buckets: tuple[Bucket, ...]
    wait: Spread | None  # from acceptance to the start of the run that gave the result
    run: Spread | None
    failures: tuple[tuple[str, int], ...]  # error code and number, most frequent first
    busiest: tuple[BusyUser, ...]  # by device time
    active_users: int  # asked for something in the span
    new_users: int

    @property
    def done(self) -> int:
        """Jobs painted."""
        return sum(bucket.done for bucket in self.buckets)

    @property
    def failed(self) -> int:
        """Jobs failed."""
        return sum(bucket.failed for bucket in self.buckets)

    @property
    def cancelled(self) -> int:
        """Jobs cancelled."""
        return sum(bucket.cancelled for bucket in self.buckets)


@dataclass(frozen=True, slots=True)
class Load:
    """The line at this moment. `oldest_wait_s` is None when nobody waits."""

    queued: int
    running: int
    oldest_wait_s: float | None


class Statistics:
    """Aggregates over jobs; no prompt is read."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def over(self, since: datetime, until: datetime) -> Figures:
        """The figures of a span, in one snapshot: by hours up to two days, else by days."""
        step = timedelta(hours=1) if until - since <= HOURLY_UP_TO else timedelta(days=1)
        async with self._database.read() as session:
            return Figures(
                since=since,
                until=until,
                step=step,
                buckets=await _buckets(session, since, until, step),
                wait=await _spread(session, SecondsBetween(Job.created_at, Job.started_at), since, until),
                run=await _spread(session, SecondsBetween(Job.started_at, Job.finished_at), since, until),
                failures=await _failures(session, since, until),
                busiest=await _busiest(session, since, until),
                active_users=await session.scalar(
                    select(func.count(Job.user_id.distinct())).where(Job.created_at >= since, Job.created_at < until)
                )
                or 0,
                new_users=await session.scalar(
                    select(func.count()).select_from(User).where(User.created_at >= since, User.created_at < until)
                )
                or 0,
            )

    async def now(self) -> Load:
        """The line at this moment."""
        async with self._database.read() as session:
            # Literal text, so that SQLite uses the partial indexes.
            queued, oldest = (
                await session.execute(
                    select(func.count(), func.min(Job.created_at)).where(Job.status == literal_column("'queued'"))
                )
            ).one()
            running = await session.scalar(
                select(func.count()).select_from(Job).where(Job.status == literal_column("'running'"))
            )
        waited_s = None if oldest is None else max(0.0, (self._clock() - oldest).total_seconds())
        return Load(queued, running or 0, waited_s)


class SecondsBetween(GenericFunction[float]):
    """The seconds from one moment to another."""

    type = Double()
    inherit_cache = True


@compiles(SecondsBetween, "sqlite")
def _sqlite_seconds(element: SecondsBetween, compiler: SQLCompiler, **kw: Any) -> str:
    begin, end = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"((julianday({end}) - julianday({begin})) * 86400.0)"


@compiles(SecondsBetween, "postgresql")
def _postgresql_seconds(element: SecondsBetween, compiler: SQLCompiler, **kw: Any) -> str:
    begin, end = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"EXTRACT(EPOCH FROM ({end} - {begin}))"


class WholeSteps(GenericFunction[int]):
    """How many whole steps of some seconds lie between two moments, the later one second."""

    type = Integer()
    inherit_cache = True


@compiles(WholeSteps, "sqlite")
def _sqlite_steps(element: WholeSteps, compiler: SQLCompiler, **kw: Any) -> str:
    begin, end, step_s = (compiler.process(clause, **kw) for clause in element.clauses)
    # Seconds as text: %s rounds to milliseconds first, which would put the last instant of an hour into the next.
    return f"((strftime('%s', substr({end}, 1, 19)) - strftime('%s', substr({begin}, 1, 19))) / {step_s})"


@compiles(WholeSteps, "postgresql")
def _postgresql_steps(element: WholeSteps, compiler: SQLCompiler, **kw: Any) -> str:
    begin, end, step_s = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"CAST(FLOOR(EXTRACT(EPOCH FROM ({end} - {begin})) / {step_s}) AS INTEGER)"


def _ended(since: datetime, until: datetime) -> ColumnElement[bool]:
    return (Job.finished_at >= since) & (Job.finished_at < until)


async def _buckets(session: AsyncSession, since: datetime, until: datetime, step: timedelta) -> tuple[Bucket, ...]:
    """Every bucket of the span, also those in which nothing ended."""
    number = WholeSteps(literal(since, UtcDateTime), Job.finished_at, int(step.total_seconds())).label("number")
    rows = await session.execute(
        select(
            number,
            func.sum(case((Job.status.in_(_PAINTED), 1), else_=0)),
            func.sum(case((Job.status == JobStatus.FAILED, 1), else_=0)),
            func.sum(case((Job.status == JobStatus.CANCELLED, 1), else_=0)),
        )
        .where(_ended(since, until))
        .group_by(number)
    )
    counts = {index: (done, failed, cancelled) for index, done, failed, cancelled in rows}
    buckets = -(-(until - since) // step)  # rounded up
    return tuple(Bucket(since + index * step, *counts.get(index, (0, 0, 0))) for index in range(buckets))


async def _spread(
    session: AsyncSession, seconds: ColumnElement[float], since: datetime, until: datetime
) -> Spread | None:
    """The mean, and nearest-rank percentiles from a histogram: at most a tenth of a second above the exact ones."""
    tenth = cast(seconds * 10, Integer).label("tenth")  # cut off or rounded: either keeps the order
    histogram = (
        await session.execute(
            select(func.count(), func.sum(seconds), func.max(seconds))
            .where(_ended(since, until), Job.status.in_(_PAINTED))
            .group_by(tenth)
            .order_by(tenth)
        )
    ).all()
    total = sum(number for number, _, _ in histogram)
    if not total:
        return None

    def percentile(percent: int) -> float:
        rank = -(-total * percent // 100)  # rounded up
        below = itertools.accumulate(number for number, _, _ in histogram)
        return next(float(longest) for upto, (_, _, longest) in zip(below, histogram, strict=True) if upto >= rank)

    return Spread(sum(float(sum_s) for _, sum_s, _ in histogram) / total, percentile(50), percentile(95))


async def _failures(session: AsyncSession, since: datetime, until: datetime) -> tuple[tuple[str, int], ...]:
    number = func.count().label("number")
    rows = await session.execute(
        select(Job.error_code, number)
        .where(_ended(since, until), Job.error_code.is_not(None))
        .group_by(Job.error_code)
        .order_by(number.desc(), Job.error_code)
    )
    return tuple((code or "", count) for code, count in rows)


async def _busiest(session: AsyncSession, since: datetime, until: datetime) -> tuple[BusyUser, ...]:
    gpu_ms = func.sum(func.coalesce(Job.gpu_ms, 0)).label("gpu_ms")
    query: Select[int, int, int] = (
        select(Job.user_id, func.count(), gpu_ms)
        .where(_ended(since, until), Job.status.in_(_PAINTED))
        .group_by(Job.user_id)
        .order_by(gpu_ms.desc(), Job.user_id)
        .limit(BUSIEST)
    )
    return tuple(BusyUser(user_id, jobs, int(used_ms)) for user_id, jobs, used_ms in await session.execute(query))
