"""How long the queue's operations take with 100, 10,000 and 100,000 jobs in line.

    python -m benchmarks queue_operations

The database is a real file with the bot's own settings, in the system's folder for temporary files (TMPDIR).
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import event, insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from benchmarks import report
from bot.database import migrate, models
from bot.database.engine import Database
from bot.queue.jobs import Limits, NewArtifact, NewJob
from bot.queue.sql_queue import SqlJobQueue
from engines import tasks

T = TypeVar("T")
COSTS_MS = (120, 460, 3200)  # flash, base at 512, base at 1024
LINES = (
    (100, 10, "FULL"),
    (10_000, 500, "FULL"),
    (10_000, 500, "NORMAL"),
    (100_000, 5_000, "FULL"),
    (100_000, 100_000, "FULL"),
)
COLUMNS = ("queued", "users", "synchronous", "operation", "p50 ms", "p99 ms", "p50 CPU ms", "p99 CPU ms")


@dataclass
class Timings:
    """Milliseconds by operation: by the clock, and of processor time in all threads of the process."""

    ms: dict[str, list[float]] = field(default_factory=dict)
    cpu_ms: dict[str, list[float]] = field(default_factory=dict)

    async def of(self, operation: str, work: Awaitable[T]) -> T:
        begin, begin_cpu = time.perf_counter(), time.process_time()
        result = await work
        self.ms.setdefault(operation, []).append((time.perf_counter() - begin) * 1000)
        self.cpu_ms.setdefault(operation, []).append((time.process_time() - begin_cpu) * 1000)
        return result


async def measure(folder: Path, queued: int, users: int, synchronous: str, operations: int) -> Timings:
    """Time `operations` jobs through their life on top of a standing line."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'queue.sqlite3'}")

    @event.listens_for(database.engine.sync_engine, "connect")
    def choose_durability(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.close()

    await migrate.migrate_database(database)
    await fill(database, queued, users)
    limits = Limits(max_queued=queued, max_running=2, daily_credits=10**9)
    queue = SqlJobQueue(database, limits)
    timings = Timings()
    dice = random.Random(1)
    for number in range(operations):
        accepted = await timings.of("submit", queue.submit(_new_job(dice.randrange(users) + 1, number, dice)))
        await timings.of("place", queue.place(accepted.job.id))
        lease = await timings.of("claim", queue.claim("benchmark", 30.0))
        assert lease is not None
        await timings.of("heartbeat", queue.heartbeat(lease))
        file = NewArtifact(f"results/{number}.png", "image/png", 1024, 1024, 10**6, "0" * 64)
        await timings.of("finish", queue.finish(lease, [file], lease.job.cost_gpu_ms))
        await timings.of("mark delivered", queue.mark_delivered(lease.job.id, number + 1))
    await database.close()
    return timings


async def fill(database: Database, queued: int, users: int) -> None:
    """Put a line of jobs straight into the tables, spread over the users."""
    now = datetime.now(UTC)
    dice = random.Random(0)
    task = tasks.TextToImage(prompt="a red circle on a blue background", seed=1).model_dump_json()
    jobs: list[dict[str, object]] = []
    own_costs_ms: dict[int, list[int]] = {user: [] for user in range(1, users + 1)}
    for job_id in range(1, queued + 1):
        user, cost_ms = (job_id - 1) % users + 1, dice.choice(COSTS_MS)
        own_costs_ms[user].append(cost_ms)
        jobs.append(
            {
                "id": job_id, "user_id": user, "idempotency_key": f"fill-{job_id}", "kind": "text_to_image",
                "task": task, "model": "kandinsky-3", "size_key": str(cost_ms), "language": "en", "chat_id": user,
                "cost_credits": 1, "cost_gpu_ms": cost_ms, "created_at": now,
            }
        )  # fmt: skip
    lanes = [
        {
            "user_id": user, "tag": dice.uniform(0, 5000), "weight": 1.0, "head_job_id": user,
            "queued": len(costs_ms), "queued_cost_gpu_ms": sum(costs_ms), "running": 0,
        }
        for user, costs_ms in own_costs_ms.items()
    ]  # fmt: skip
    people = [
        {"id": user, "first_name": f"User {user}", "created_at": now, "last_seen_at": now} for user in own_costs_ms
    ]
    async with database.write() as session:
        await session.execute(insert(models.User), people)
        await session.execute(insert(models.Job), jobs)
        await session.execute(insert(models.Lane), lanes)


def _new_job(user_id: int, number: int, dice: random.Random) -> NewJob:
    cost_ms = dice.choice(COSTS_MS)
    return NewJob(
        user_id=user_id,
        task=tasks.TextToImage(prompt="a red circle on a blue background", seed=number),
        chat_id=user_id,
        reply_to_message_id=1,
        language="en",
        idempotency_key=f"benchmark-{number}",
        cost_credits=1,
        cost_gpu_ms=cost_ms,
        model="kandinsky-3",
        size_key=str(cost_ms),
    )


def run(quick: bool) -> report.Report:
    """Measure every size; the quick form only the smallest, a few times."""
    operations = 3 if quick else 200
    rows: list[tuple[report.Cell, ...]] = []
    for queued, users, synchronous in LINES[:1] if quick else LINES:
        with tempfile.TemporaryDirectory() as place:
            timings = asyncio.run(measure(Path(place), queued, users, synchronous, operations))
        for operation, values in timings.ms.items():
            figures = [report.percentile(each, p) for each in (values, timings.cpu_ms[operation]) for p in (50, 99)]
            rows.append((queued, users, synchronous, operation, *figures))
    return report.Report(
        "Queue operations with a standing line",
        COLUMNS,
        rows,
        notes=[
            "Every operation is one committed transaction on a file, through SQLAlchemy and aiosqlite.",
            "FULL is what the bot uses: a commit waits for the disk. NORMAL shows what that wait costs.",
            "CPU is processor time in all threads of the process; it depends little on what else the machine does, "
            "the clock much (see load).",
            "100,000 jobs of 100,000 users is the worst line for a place: every lane is looked at.",
        ],
        sources=("bot/queue", "bot/database", "benchmarks/*.py"),
        parameters={"operations": operations},
    )
