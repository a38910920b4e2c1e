"""What nine users with one job each wait beside one user with 200: the fair queue against first come, first served.

    python -m benchmarks queue_fairness

The fair times come from the real queue on a database with a clock that is moved by hand; the others from a list.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiogram import types

from benchmarks import report
from bot.database import migrate
from bot.database.engine import Database
from bot.database.users import Users
from bot.queue.jobs import Limits, NewJob
from bot.queue.sql_queue import SqlJobQueue
from engines import tasks

CROWD = 1
SINGLES = range(2, 11)
EVERY_S = 63.0  # a single job arrives this often, while a job of the crowd is running
START = datetime(2026, 1, 1, tzinfo=UTC)

Arrival = tuple[float, int]  # seconds, user


def arrivals(jobs: int) -> list[Arrival]:
    """The crowd's jobs at 0, then one job of each other user."""
    return [(0.0, CROWD)] * jobs + [(EVERY_S * number, user) for number, user in enumerate(SINGLES, 1)]


def first_come_first_served(plan: list[Arrival], cost_s: float) -> dict[int, list[float]]:
    """Seconds from arrival to the beginning of service, by user, on one device."""
    waits: dict[int, list[float]] = {}
    free_at = 0.0
    for at_s, user in plan:
        begin = max(free_at, at_s)
        waits.setdefault(user, []).append(begin - at_s)
        free_at = begin + cost_s
    return waits


async def fair(plan: list[Arrival], cost_s: float) -> dict[int, list[float]]:
    """The same, served by the bot's queue."""
    now = START
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{Path(folder) / 'queue.sqlite3'}")
        await migrate.migrate_database(database)
        queue = SqlJobQueue(database, Limits(max_queued=len(plan), daily_credits=10**6), lambda: now)
        users = Users(database, lambda: now)
        for user in (CROWD, *SINGLES):
            await users.seen(types.User(id=user, is_bot=False, first_name=f"User {user}"))
        waits: dict[int, list[float]] = {}
        pending = list(enumerate(plan))
        while True:
            while pending and pending[0][1][0] <= (now - START).total_seconds():
                number, arrival = pending.pop(0)
                await queue.submit(_new_job(number, arrival[1], cost_s))
            lease = await queue.claim("benchmark", 3600.0)
            if lease is None:
                if not pending:
                    break
                now = START + timedelta(seconds=pending[0][1][0])
                continue
            arrived_s = plan[int(lease.job.reply_to_message_id or 0)][0]
            waits.setdefault(lease.job.user_id, []).append((now - START).total_seconds() - arrived_s)
            now += timedelta(seconds=cost_s)
            await queue.finish(lease, [], round(cost_s * 1000))
        await database.close()
    return waits


def _new_job(number: int, user: int, cost_s: float) -> NewJob:
    return NewJob(
        user_id=user,
        task=tasks.TextToImage(prompt="a star", seed=number),
        chat_id=user,
        reply_to_message_id=number,
        language="en",
        idempotency_key=str(number),
        cost_credits=0,
        cost_gpu_ms=round(cost_s * 1000),
        model="kandinsky-3",
        size_key="benchmark",
    )


def run(quick: bool) -> report.Report:
    """Serve both ways and compare the waits."""
    jobs, cost_s = (20, 35.0) if quick else (200, 10.0)
    plan = arrivals(jobs)
    rows: list[tuple[report.Cell, ...]] = []
    means = {}
    for name, waits in (
        ("first come, first served", first_come_first_served(plan, cost_s)),
        ("fair queue", asyncio.run(fair(plan, cost_s))),
    ):
        singles = [wait for user in SINGLES for wait in waits[user]]
        means[name] = statistics.mean(singles)
        rows.append((name, means[name], max(singles), statistics.mean(waits[CROWD]), max(waits[CROWD])))
    ratio = means["first come, first served"] / means["fair queue"]
    return report.Report(
        f"One user with {jobs} jobs beside nine with one each",
        ("order", "singles: mean wait s", "singles: longest s", "crowd: mean wait s", "crowd: longest s"),
        rows,
        notes=[
            f"Every job takes {cost_s:g} s on one device; a single job arrives every {EVERY_S:g} s.",
            f"Users with one job wait {ratio:.0f} times shorter; at most one job of the crowd runs before theirs.",
        ],
        sources=("bot/queue", "bot/database", "benchmarks/*.py"),
        parameters={"jobs": jobs, "cost_s": cost_s, "ratio": round(ratio, 1)},
    )
