"""Deaths at moments that have no name: before an acknowledgement, while Telegram fails, and an orderly stop."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest
from aiogram.types import Update
from pydantic import TypeAdapter

from bot.crash import Point
from bot.database.models import JobStatus
from tests.crash.books import books
from tests.crash.lives import PATIENCE_S, dies_by_itself, life
from tests.crash.quick_pool import FOR_EVER_S, QuickPool
from tests.crash.worker import Orders
from tests.studio import TOKEN, Stage, configured, running_bot, sandbox

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


async def unacknowledged(scene: Stage) -> list[int]:
    """The ids of the updates that Telegram still holds for the bot."""
    async with scene.sandbox.http.get(f"/bot{TOKEN}/getUpdates") as response:
        answer = await response.json()
    return [update.update_id for update in TypeAdapter(list[Update]).validate_python(answer["result"])]


async def failed_calls(scene: Stage, method: str) -> None:
    """Return when the bot has called a method in vain."""
    async with asyncio.timeout(PATIENCE_S):
        while all(call.status == 200 for call in await scene.sandbox.calls(method)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # the record of calls is no stream


async def test_an_update_that_telegram_sends_twice_is_one_job(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as scene:
        await scene.sandbox.say(scene.ann, "a red circle")
        await scene.sandbox.say(scene.ann, "a blue square")
        await dies_by_itself(Orders(scene.url, tmp_path / "bot", crash_at=Point.UPDATE_STORED.value))
        async with books(tmp_path / "bot") as kept:
            stored = [update.update_id for update in (await kept.page()).inbox]
        assert set(stored) <= set(await unacknowledged(scene)), "Telegram is going to send them again"
        async with running_bot(configured(scene.url, tmp_path / "bot"), QuickPool()), books(tmp_path / "bot") as kept:
            await kept.wait_for(lambda page: [job.status for job in page.jobs] == [JobStatus.DELIVERED] * 2)
        assert len([m for m in await scene.sandbox.messages(scene.ann) if m.photo]) == 2
        assert await unacknowledged(scene) == []


@pytest.mark.parametrize(
    ("kind", "details"),
    [("429", {"retry_after": 2}), ("500", {}), ("502", {}), ("reset", {}), ("reset", {"after": True})],
    ids=["429", "500", "502", "reset", "answer-lost"],
)
async def test_a_kill_while_telegram_refuses_the_result_ends_in_one_picture(
    tmp_path: Path, kind: str, details: dict[str, float | bool]
) -> None:
    async with sandbox(tmp_path) as scene:
        asked = await scene.sandbox.say(scene.ann, "a red circle")
        await scene.sandbox.fault(kind, method="editMessageMedia", **details)
        async with life(Orders(scene.url, tmp_path / "bot")) as one:
            await failed_calls(scene, "editMessageMedia")
            await one.killed()
        await scene.sandbox.clear_faults()
        pool = QuickPool()
        async with running_bot(configured(scene.url, tmp_path / "bot"), pool), books(tmp_path / "bot") as kept:
            page = await kept.wait_for(lambda page: page.jobs[0].status is JobStatus.DELIVERED)
        written = await scene.sandbox.messages(scene.ann, asked.message_id)
        assert [m.message_id for m in written if m.photo] == [page.jobs[0].result_message_id]
        assert len(written) == 1
        assert pool.painted == 0
        assert page.jobs[0].attempt == 1


async def test_an_orderly_stop_gives_the_running_job_back_without_using_an_attempt(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as scene:
        asked = await scene.sandbox.say(scene.ann, "a red circle")
        async with life(Orders(scene.url, tmp_path / "bot", step_s=FOR_EVER_S)) as one, books(tmp_path / "bot") as kept:
            await one.polls()
            await kept.wait_for(lambda page: [job.status for job in page.jobs] == [JobStatus.RUNNING])
            one.send(signal.SIGTERM)
            assert await one.ended() == 0
            (job,) = (await kept.page()).jobs
            assert (job.status, job.attempt, job.lease_owner) == (JobStatus.QUEUED, 0, None)
            async with running_bot(configured(scene.url, tmp_path / "bot"), QuickPool()):
                picture = await scene.sandbox.wait_for(scene.ann, lambda m: m.photo, PATIENCE_S, after=asked)
            (job,) = (await kept.page()).jobs
            assert (job.status, job.attempt, job.result_message_id) == (JobStatus.DELIVERED, 1, picture.message_id)
