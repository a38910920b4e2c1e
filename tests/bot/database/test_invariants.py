"""Impossible states are refused by the schema itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from aiogram import types
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError, StatementError

from bot.database import models
from bot.database.engine import Database
from bot.database.users import Users
from tests.bot.queue.queue_world import NOON, FakeClock

JOB: dict[str, Any] = {
    "user_id": 1, "idempotency_key": "k", "kind": "text_to_image", "task": "{}", "model": "m", "size_key": "s",
    "language": "en", "chat_id": 1, "cost_credits": 1, "cost_gpu_ms": 1, "created_at": NOON,
}  # fmt: skip
CLOSED = {"finished_at": NOON}
LANE: dict[str, Any] = {"user_id": 1, "tag": 0.0, "weight": 1.0, "queued": 0, "queued_cost_gpu_ms": 0, "running": 0}
ARTIFACT: dict[str, Any] = {
    "job_id": 1, "index": 0, "path": "a.png", "media_type": "image/png", "width_px": 1, "height_px": 1, "bytes": 1,
    "sha256": "0", "created_at": NOON,
}  # fmt: skip
CREDIT: dict[str, Any] = {
    "user_id": 1, "job_id": 1, "delta": -1, "reason": "charge", "day": date(2026, 3, 1), "created_at": NOON,
}  # fmt: skip
GRANT: dict[str, Any] = CREDIT | {"job_id": None, "delta": 5, "reason": "grant", "note": "sorry", "grant_key": "k"}
SETTINGS: dict[str, Any] = {"user_id": 1, "model": "m", "aspect_ratio": "1:1", "updated_at": NOON}

POSSIBLE: dict[str, tuple[Any, dict[str, Any]]] = {
    "queued": (models.Job, JOB),
    "running": (models.Job, JOB | {"status": "running", "lease_owner": "w", "lease_until": NOON}),
    "failed": (models.Job, JOB | CLOSED | {"status": "failed", "error_code": "x"}),
    "lane": (models.Lane, LANE),
    "charge": (models.CreditEntry, CREDIT),
    "artifact": (models.Artifact, ARTIFACT),
    "settings": (models.UserSettings, SETTINGS),
    "a fixed seed": (models.UserSettings, SETTINGS | {"seed": 2**32 - 1}),
    "grant": (models.CreditEntry, GRANT),
    "erased": (models.Job, JOB | CLOSED | {"status": "cancelled", "task": ""}),
}
IMPOSSIBLE: dict[str, tuple[Any, dict[str, Any]]] = {
    "a status that does not exist": (models.Job, JOB | {"status": "lost"}),
    "running without a lease": (models.Job, JOB | {"status": "running"}),
    "a lease without running": (models.Job, JOB | {"lease_owner": "w", "lease_until": NOON}),
    "half a lease": (models.Job, JOB | {"lease_owner": "w"}),
    "failed without a reason": (models.Job, JOB | CLOSED | {"status": "failed"}),
    "done with an error": (models.Job, JOB | CLOSED | {"status": "done", "error_code": "x"}),
    "done at no time": (models.Job, JOB | {"status": "done"}),
    "delivered at no time": (models.Job, JOB | CLOSED | {"status": "delivered"}),
    "done, delivered, and still waiting": (models.Job, JOB | CLOSED | {"status": "done", "delivered_at": NOON}),
    "a job without cost": (models.Job, JOB | {"cost_gpu_ms": 0}),
    "a job of nobody": (models.Job, JOB | {"user_id": 404}),
    "the same wish twice": (models.Job, JOB | {"idempotency_key": "taken"}),
    "a lane with jobs and no head": (models.Lane, LANE | {"queued": 1, "queued_cost_gpu_ms": 5}),
    "a lane with a head and no jobs": (models.Lane, LANE | {"head_job_id": 1}),
    "fewer than no jobs": (models.Lane, LANE | {"running": -1}),
    "a weight of nothing": (models.Lane, LANE | {"weight": 0.0}),
    "a charge that gives": (models.CreditEntry, CREDIT | {"delta": 1}),
    "a refund that takes": (models.CreditEntry, CREDIT | {"reason": "refund"}),
    "a charge for nothing": (models.CreditEntry, CREDIT | {"job_id": None}),
    "a note on a charge": (models.CreditEntry, CREDIT | {"note": "sorry"}),
    "the same grant twice": (models.CreditEntry, GRANT | {"grant_key": "taken"}),
    "a grant of nothing": (models.CreditEntry, GRANT | {"delta": 0}),
    "five pictures at once": (models.UserSettings, SETTINGS | {"count": 5}),
    "a seed of 33 bits": (models.UserSettings, SETTINGS | {"seed": 2**32}),
    "a negative prompt of 1001 characters": (models.UserSettings, SETTINGS | {"negative_prompt": "x" * 1001}),
    "a job in line without a task": (models.Job, JOB | {"task": ""}),
    "a favourite that is no job": (models.Favourite, {"user_id": 1, "job_id": 404, "created_at": NOON}),
    "a second clock": (models.QueueClock, {"id": 2, "virtual_time": 0.0}),
    "a picture without pixels": (models.Artifact, ARTIFACT | {"width_px": 0}),
    "a handled update that keeps its text": (
        models.InboxUpdate, {"update_id": 1, "payload": "{}", "replays": 0, "received_at": NOON, "handled_at": NOON},
    ),
    "a zone that does not exist": (
        models.User,
        {"id": 9, "first_name": "X", "created_at": NOON, "last_seen_at": NOON, "utc_offset_min": 900},
    ),
}  # fmt: skip


@pytest.fixture
async def with_a_job(database: Database, clock: FakeClock) -> Database:
    """A database with user 1 and job 1, whose key is "taken"."""
    await Users(database, clock).seen(types.User(id=1, is_bot=False, first_name="Ann"))
    async with database.write() as session:
        await session.execute(insert(models.Job).values(JOB | {"idempotency_key": "taken"}))
        await session.execute(insert(models.CreditEntry).values(GRANT | {"grant_key": "taken"}))
    return database


@pytest.mark.parametrize("name", POSSIBLE)
async def test_a_possible_state_is_accepted(with_a_job: Database, name: str) -> None:
    table, values = POSSIBLE[name]
    async with with_a_job.write() as session:
        await session.execute(insert(table).values(values))


@pytest.mark.parametrize("name", IMPOSSIBLE)
async def test_an_impossible_state_is_refused(with_a_job: Database, name: str) -> None:
    table, values = IMPOSSIBLE[name]
    with pytest.raises((IntegrityError, StatementError)):
        async with with_a_job.write() as session:
            await session.execute(insert(table).values(values))


@pytest.mark.parametrize("table", [models.CreditEntry, models.Artifact])
async def test_a_second_charge_or_file_of_the_same_number_is_refused(with_a_job: Database, table: Any) -> None:
    values = CREDIT if table is models.CreditEntry else ARTIFACT
    async with with_a_job.write() as session:
        await session.execute(insert(table).values(values))
    with pytest.raises(IntegrityError):
        async with with_a_job.write() as session:
            await session.execute(insert(table).values(values | ({"path": "b"} if "path" in values else {})))


async def test_a_moment_without_a_zone_is_refused(with_a_job: Database) -> None:
    naive = datetime(2026, 3, 1, 12)
    with pytest.raises(StatementError, match="without a time zone"):
        async with with_a_job.write() as session:
            await session.execute(insert(models.Job).values(JOB | {"created_at": naive}))


async def test_ids_of_deleted_jobs_are_not_used_again(with_a_job: Database) -> None:
    async with with_a_job.write() as session:
        await session.delete(await session.get_one(models.Job, 1))
    async with with_a_job.write() as session:
        assert (await session.execute(insert(models.Job).values(JOB).returning(models.Job.id))).scalar_one() == 2
