"""SIGKILL at any moment, again and again, with several users in line."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Final

import pytest

from bot.database.models import CreditReason, JobStatus
from tests.crash.books import books
from tests.crash.lives import life
from tests.crash.quick_pool import QuickPool
from tests.crash.worker import Orders
from tests.studio import configured, running_bot, sandbox

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

KILLS: Final = 5
LONGEST_LIFE_S: Final = 2.0
SETTINGS: Final = {"queue__max_attempts": 2 * KILLS}  # bad luck is not what is tested here


async def test_ten_jobs_of_three_users_survive_five_kills(tmp_path: Path) -> None:
    chance = random.Random(20)
    async with sandbox(tmp_path) as scene:
        people = [scene.ann, await scene.boris(), await scene.sandbox.create_user("Vera", language_code="en")]
        wishes = [people[number % 3] for number in range(10)]
        orders = Orders(scene.url, tmp_path / "bot", capacity=2, step_s=0.1, settings=SETTINGS)
        for round_number in range(KILLS):
            for number in (2 * round_number, 2 * round_number + 1):
                await scene.sandbox.say(wishes[number], f"picture {number}")
            async with life(orders) as one:
                await one.polls()
                await asyncio.sleep(chance.uniform(0, LONGEST_LIFE_S))  # the moment of the kill is what varies
                await one.killed()
        last = running_bot(configured(scene.url, tmp_path / "bot", **SETTINGS), QuickPool(capacity=2))
        async with last, books(tmp_path / "bot") as kept:
            page = await kept.wait_for(
                lambda page: len(page.jobs) == 10 and all(job.status is JobStatus.DELIVERED for job in page.jobs)
            )
        for person in people:
            written = [m for m in await scene.sandbox.messages(person) if m.from_user and m.from_user.is_bot]
            shown = [message.message_id for message in written if message.photo]
            expected = [job.result_message_id for job in page.jobs if job.user_id == person.id]
            assert sorted(shown) == sorted(expected), "each picture is shown once"
        assert [(entry.reason, entry.job_id) for entry in page.ledger] == [
            (CreditReason.CHARGE, job.id) for job in page.jobs
        ]
        assert len(page.artifacts) == 10
        assert [(lane.queued, lane.running) for lane in page.lanes] == [(0, 0)] * 3
