"""The queries behind claims and places use their indexes, in order, without sorting."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Select, bindparam, select, text
from sqlalchemy.dialects import sqlite

from bot.database import forgetting, history
from bot.database.models import Job, Lane
from bot.queue import lanes, leases, line, views
from tests.bot.queue.queue_world import NOON, World

QUERIES: dict[str, tuple[Select[Any], str]] = {
    "claim": (lanes.NEXT, "lanes USING INDEX ix_lanes_line"),
    "next in a lane": (lanes.NEXT, "jobs_1 USING INDEX ix_jobs_queued (user_id=? AND id>?)"),
    "lost leases": (leases.RUNNING.where(Job.lease_until < bindparam("now")), "jobs USING INDEX ix_jobs_running"),
    "in service": (line.IN_SERVICE, "jobs USING INDEX ix_jobs_running"),
    "undelivered": (select(Job).where(views.IS_UNDELIVERED).order_by(Job.id), "jobs USING INDEX ix_jobs_undelivered"),
    "open jobs of a user": (
        select(Job).where(views.IS_OPEN, Job.user_id == 1).order_by(Job.id),
        "jobs USING INDEX ix_jobs_open (user_id=?)",
    ),
    "a page of history": (history.painted(1, 5, 90), "jobs USING INDEX ix_jobs_painted (user_id=?)"),
    "the jobs of a page": (history.painted(1, 5, 90), "jobs USING INTEGER PRIMARY KEY (rowid=?)"),
    "favourites": (history.kept(1, 5, 90), "favourites USING COVERING INDEX sqlite_autoindex_favourites_1 (user_id=?"),
    "the job of a message": (history.shown_by(1, 5), "jobs USING INDEX ix_jobs_result_message (chat_id=?"),
    "prompts to prune": (forgetting.prunable(NOON), "jobs USING INDEX ix_jobs_with_content (finished_at<?)"),
    "lanes before a tag": (
        line.others_before(1.0, Job(id=9, user_id=1), Lane(user_id=1, head_job_id=8)),
        "lanes USING COVERING INDEX ix_lanes_line (tag<?)",
    ),
    "own lane before a job": (line.own_before(1, 9), "jobs USING INDEX ix_jobs_queued (user_id=? AND id<?)"),
}


@pytest.mark.parametrize("name", QUERIES)
async def test_the_query_uses_its_index(world: World, name: str) -> None:
    query, expected = QUERIES[name]
    compiled = query.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True})
    async with world.database.read() as session:
        connection = await session.connection()
        values = tuple(None for _ in compiled.positiontup or ())
        rows = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)).all()
    plan = [str(row[-1]) for row in rows]
    assert any(expected in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


async def test_lanes_without_work_are_not_in_the_line(world: World) -> None:
    """The claim never walks over users of the past: their lanes are not in its index."""
    for user_id in range(5):
        await world.user(user_id)
        await world.submit(user_id)
        await world.finish(await world.claim())
    async with world.database.read() as session:
        assert len((await session.scalars(select(Lane))).all()) == 5
        partial = await session.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'ix_lanes_line'"))
    assert "WHERE head_job_id IS NOT NULL" in str(partial)
