"""SIGKILL at every named point, and a restart that finishes the job once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from aiogram import types

from bot.crash import Point
from bot.database.models import CreditReason, JobStatus
from bot.queue.leases import TOO_MANY_ATTEMPTS
from tests.crash.books import Page, books
from tests.crash.lives import PATIENCE_S, dies_by_itself
from tests.crash.quick_pool import QuickPool
from tests.crash.worker import Orders
from tests.studio import Stage, configured, running_bot, sandbox

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ON_THE_WAY_IN: Final = {Point.UPDATE_STORED, Point.JOB_ACCEPTED, Point.STATUS_SENT, Point.UPDATE_HANDLED}
# How often the job has been claimed in the end. Where the runner goes on beside what dies, both numbers are right.
ATTEMPTS: Final = {
    Point.UPDATE_STORED: {1},
    Point.JOB_ACCEPTED: {1},
    Point.STATUS_SENT: {1, 2},
    Point.UPDATE_HANDLED: {1, 2},
    Point.BEFORE_CLAIM: {1},
    Point.AFTER_CLAIM: {2},
    Point.MID_STEP: {2},
    Point.BEFORE_RESULT_STORED: {2},
    Point.AFTER_RESULT_STORED: {1},
    Point.BEFORE_DELIVERY: {1},
    Point.AFTER_DELIVERY: {1},
}
PAINTED_BEFORE_THE_END: Final = {Point.AFTER_RESULT_STORED, Point.BEFORE_DELIVERY, Point.AFTER_DELIVERY}


async def waits_in_line(scene: Stage) -> types.Message:
    """Ann's prompt is accepted and shown in line; the status message is returned, the bot is stopped."""
    async with running_bot(configured(scene.url, scene.data_dir / "bot"), QuickPool(capacity=0)):
        asked = await scene.sandbox.say(scene.ann, "a red circle")
        return await scene.sandbox.wait_for(scene.ann, lambda m: "in line" in (m.text or ""), PATIENCE_S, after=asked)


async def painted_once(scene: Stage, pool: QuickPool) -> tuple[list[types.Message], Page]:
    """After a restart without the crash: what the bot has written, and the books."""
    async with running_bot(configured(scene.url, scene.data_dir / "bot"), pool):
        picture = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, PATIENCE_S)
    written = [m for m in await scene.sandbox.messages(scene.ann) if m.from_user and m.from_user.is_bot]
    assert [m.message_id for m in written if m.photo] == [picture.message_id]
    async with books(scene.data_dir / "bot") as kept:
        page = await kept.page()
    (job,) = page.jobs
    assert (job.status, job.result_message_id) == (JobStatus.DELIVERED, picture.message_id)
    assert [(entry.reason, entry.delta) for entry in page.ledger] == [(CreditReason.CHARGE, -job.cost_credits)]
    assert len(page.artifacts) == 1
    assert [(lane.queued, lane.running) for lane in page.lanes] == [(0, 0)]
    assert all(update.handled_at is not None for update in page.inbox)
    return written, page


@pytest.mark.parametrize("point", list(Point))
async def test_a_kill_at_any_point_ends_in_one_picture_and_one_charge(tmp_path: Path, point: Point) -> None:
    async with sandbox(tmp_path) as scene:
        if point in ON_THE_WAY_IN:
            await scene.sandbox.say(scene.ann, "a red circle")
        else:
            await waits_in_line(scene)
        await dies_by_itself(Orders(scene.url, tmp_path / "bot", crash_at=point.value))
        pool = QuickPool()
        written, page = await painted_once(scene, pool)
        assert page.jobs[0].attempt in ATTEMPTS[point]
        if point in PAINTED_BEFORE_THE_END:
            assert pool.painted == 0
        # Telegram does not say which message it has just sent to whom did not hear the answer: a line of text stays.
        assert len(written) == (2 if point is Point.STATUS_SENT else 1)


@pytest.mark.parametrize("point", [Point.STATUS_SENT, Point.AFTER_DELIVERY])
async def test_a_result_whose_status_message_was_deleted_is_sent_once(tmp_path: Path, point: Point) -> None:
    async with sandbox(tmp_path) as scene:
        status = await waits_in_line(scene)
        await scene.delete(status)
        await dies_by_itself(Orders(scene.url, tmp_path / "bot", crash_at=point.value))
        written, _ = await painted_once(scene, QuickPool())
        assert len(written) == (2 if point is Point.STATUS_SENT else 1)


async def test_a_job_that_takes_the_process_down_every_time_fails_with_a_refund(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as scene:
        asked = await scene.sandbox.say(scene.ann, "a red circle")
        settings = {"queue__max_attempts": 2}
        for _ in range(2):
            await dies_by_itself(Orders(scene.url, tmp_path / "bot", crash_at=Point.MID_STEP.value, settings=settings))
        pool = QuickPool()
        async with running_bot(configured(scene.url, tmp_path / "bot", **settings), pool):
            await scene.sandbox.wait_for(
                scene.ann, lambda m: "credits are back" in (m.text or ""), PATIENCE_S, after=asked
            )
        async with books(tmp_path / "bot") as kept:
            page = await kept.page()
        assert (page.jobs[0].status, page.jobs[0].error_code) == (JobStatus.FAILED, TOO_MANY_ATTEMPTS)
        assert sum(entry.delta for entry in page.ledger) == 0
        assert pool.painted == 0
