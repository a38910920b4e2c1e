"""Anything may happen in any order: no job is lost, none ends twice, no credit is lost or doubled."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import func, select

from bot.database.models import OPEN, CreditEntry, CreditReason, Job, JobStatus, Lane, QueueClock
from bot.queue import errors
from bot.queue.jobs import CancelOutcome, Lease, Limits
from tests.bot.queue.queue_world import LEASE_S, World, open_world

T = TypeVar("T")
USERS = (1, 2, 3)
LIMITS = Limits(max_queued=4, max_running=2, max_attempts=3, daily_credits=40)


class QueueMachine(RuleBasedStateMachine):
    """Users, workers, crashes and clocks against one queue; the model is what each job must be by now."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = contextlib.AsyncExitStack()
        self.runner = asyncio.Runner()
        self.owner = 1
        self.status: dict[int, JobStatus] = {}
        self.attempts: Counter[int] = Counter()
        self.cancel_wished: set[int] = set()
        self.keys: dict[tuple[int, str], int] = {}
        self.credits: dict[int, int] = {}
        self.user_of: dict[int, int] = {}
        self.leases: list[Lease] = []  # of running jobs
        self.stale: list[Lease] = []
        self.virtual_time = 0.0

    def run(self, work: Coroutine[None, None, T]) -> T:
        return self.runner.run(work)

    @initialize()
    def open(self) -> None:
        async def build() -> World:
            folder = self.stack.enter_context(tempfile.TemporaryDirectory())
            world = await self.stack.enter_async_context(open_world(Path(folder), LIMITS))
            for user_id in USERS:
                await world.user(user_id, weight=float(user_id))
            return world

        self.world = self.run(build())

    def of_user(self, user_id: int, *statuses: JobStatus) -> list[int]:
        return [job for job, status in self.status.items() if status in statuses and self.user_of[job] == user_id]

    def spent(self, user_id: int) -> int:
        kept = self.of_user(user_id, *OPEN, JobStatus.DONE, JobStatus.DELIVERED)
        return sum(self.credits[job] for job in kept)

    @rule(
        user_id=st.sampled_from(USERS),
        cost_ms=st.sampled_from([10, 200, 3000]),
        credits=st.integers(0, 15),
        key=st.sampled_from(["a", "b", None]),
    )
    def submit(self, user_id: int, cost_ms: int, credits: int, key: str | None) -> None:
        new = self.world.new_job(user_id, cost_ms=cost_ms, credits=credits, key=key)
        known = self.keys.get((user_id, new.idempotency_key))
        try:
            submitted = self.run(self.world.queue.submit(new))
        except errors.LimitReached:
            assert known is None
            assert len(self.of_user(user_id, JobStatus.QUEUED)) >= LIMITS.max_queued
        except errors.NotEnoughCredits as refused:
            assert known is None
            assert refused.left == LIMITS.daily_credits - self.spent(user_id) < credits  # noqa: PT017
        else:
            job_id = submitted.job.id
            assert submitted.created == (known is None)
            assert known in (None, job_id)
            if known is None:
                self.keys[user_id, new.idempotency_key] = job_id
                self.status[job_id], self.user_of[job_id] = JobStatus.QUEUED, user_id
                self.credits[job_id] = credits

    @rule()
    def claim(self) -> None:
        lease = self.run(self.world.queue.claim(f"process-{self.owner}", LEASE_S))
        if lease is None:
            for user_id in USERS:
                queued = self.of_user(user_id, JobStatus.QUEUED)
                assert not queued or len(self.of_user(user_id, JobStatus.RUNNING)) >= LIMITS.max_running
            return
        job_id = lease.job.id
        assert job_id == min(self.of_user(lease.job.user_id, JobStatus.QUEUED)), "first come, first served"
        assert len(self.of_user(lease.job.user_id, JobStatus.RUNNING)) < LIMITS.max_running
        self.status[job_id] = JobStatus.RUNNING
        self.attempts[job_id] += 1
        assert lease.job.attempt == self.attempts[job_id] <= LIMITS.max_attempts
        self.leases.append(lease)

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), act=st.sampled_from(["finish", "fail", "fail for good", "release", "stop", "heartbeat"]))
    def worker_acts(self, data: st.DataObject, act: str) -> None:
        lease = data.draw(st.sampled_from(self.leases))
        job_id = lease.job.id
        queue = self.world.queue
        if act == "heartbeat":
            assert self.run(queue.heartbeat(lease)).cancel_requested == (job_id in self.cancel_wished)
            return
        if act == "finish":
            self.run(self.world.finish(lease, data.draw(st.integers(0, 5000))))
            self.status[job_id] = JobStatus.DONE
        elif act == "stop":
            self.run(queue.acknowledge_cancel(lease))
            self.status[job_id] = JobStatus.CANCELLED
        elif act == "release":
            self.attempts[job_id] -= job_id not in self.cancel_wished
            self._without_result(job_id, counts=False)
            assert self.run(queue.release(lease)) is self.status[job_id]
        else:
            self._without_result(job_id, counts=True, retryable=act == "fail")
            assert self.run(queue.fail(lease, "engine_failed", act == "fail")) is self.status[job_id]
        self._lease_ended(lease)

    def _without_result(self, job_id: int, *, counts: bool, retryable: bool = True) -> None:
        if job_id in self.cancel_wished:
            self.status[job_id] = JobStatus.CANCELLED
        elif retryable and (not counts or self.attempts[job_id] < LIMITS.max_attempts):
            self.status[job_id] = JobStatus.QUEUED
        else:
            self.status[job_id] = JobStatus.FAILED

    def _lease_ended(self, lease: Lease) -> None:
        self.leases.remove(lease)
        self.stale.append(lease)

    @precondition(lambda self: self.stale)
    @rule(data=st.data(), act=st.sampled_from(["finish", "fail", "release", "stop", "heartbeat"]))
    def worker_acts_too_late(self, data: st.DataObject, act: str) -> None:
        lease = data.draw(st.sampled_from(self.stale))
        queue = self.world.queue
        acts = {
            "finish": lambda: self.world.finish(lease),
            "fail": lambda: queue.fail(lease, "engine_failed", True),
            "release": lambda: queue.release(lease),
            "stop": lambda: queue.acknowledge_cancel(lease),
            "heartbeat": lambda: queue.heartbeat(lease),
        }
        with pytest.raises(errors.LeaseLost):
            self.run(acts[act]())

    @precondition(lambda self: self.status)
    @rule(data=st.data(), user_id=st.sampled_from(USERS))
    def cancel(self, data: st.DataObject, user_id: int) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.status)))
        if self.user_of[job_id] != user_id:
            with pytest.raises(errors.NotYours):
                self.run(self.world.queue.cancel(job_id, user_id))
            return
        outcome = self.run(self.world.queue.cancel(job_id, user_id))
        if self.status[job_id] is JobStatus.QUEUED:
            self.status[job_id] = JobStatus.CANCELLED
            assert outcome is CancelOutcome.CANCELLED
        elif self.status[job_id] is JobStatus.RUNNING:
            self.cancel_wished.add(job_id)
            assert outcome is CancelOutcome.REQUESTED
        else:
            assert outcome is not CancelOutcome.REQUESTED

    @precondition(lambda self: self.leases)
    @rule(way=st.sampled_from(["leases run out", "process dies"]))
    def workers_are_lost(self, way: str) -> None:
        if way == "process dies":
            self.owner += 1
            self.world.reopen()
            recovered = self.run(self.world.queue.recover_others(f"process-{self.owner}"))
        else:
            self.world.clock.advance(LEASE_S + 1)
            recovered = self.run(self.world.queue.recover_expired())
        for lease in list(self.leases):
            self._without_result(lease.job.id, counts=True)
            self._lease_ended(lease)
            ended = {
                JobStatus.QUEUED: recovered.requeued,
                JobStatus.FAILED: recovered.failed,
                JobStatus.CANCELLED: recovered.cancelled,
            }
            assert lease.job.id in ended[self.status[lease.job.id]]

    @rule()
    def deliver(self) -> None:
        for job in self.run(self.world.queue.undelivered()):
            assert self.run(self.world.queue.mark_delivered(job.id, 5))
            assert not self.run(self.world.queue.mark_delivered(job.id, 6))
            if self.status[job.id] is JobStatus.DONE:
                self.status[job.id] = JobStatus.DELIVERED

    @invariant()
    def what_is_stored_is_what_happened(self) -> None:
        self.run(self._check())

    async def _check(self) -> None:
        async with self.world.database.read() as session:
            jobs = (await session.scalars(select(Job))).all()
            assert {job.id: job.status for job in jobs} == self.status
            assert {job.id: job.attempt for job in jobs if job.attempt} == +self.attempts
            for lane in await session.scalars(select(Lane)):
                own = [job for job in jobs if job.user_id == lane.user_id]
                queued = [job for job in own if job.status is JobStatus.QUEUED]
                assert lane.queued == len(queued)
                assert lane.queued_cost_gpu_ms == sum(job.cost_gpu_ms for job in queued)
                assert lane.head_job_id == min((job.id for job in queued), default=None)
                assert lane.running == sum(job.status is JobStatus.RUNNING for job in own)
            for job in jobs:
                booked = dict(
                    (
                        await session.execute(
                            select(CreditEntry.reason, func.sum(CreditEntry.delta))
                            .where(CreditEntry.job_id == job.id)
                            .group_by(CreditEntry.reason)
                        )
                    ).all()
                )
                assert booked.get(CreditReason.CHARGE, 0) == -self.credits[job.id]
                gave_back = job.status in (JobStatus.FAILED, JobStatus.CANCELLED)
                assert booked.get(CreditReason.REFUND, 0) == (self.credits[job.id] if gave_back else 0)
            clock = (await session.scalars(select(QueueClock))).one()
            assert clock.virtual_time >= self.virtual_time
            self.virtual_time = clock.virtual_time
        for user_id in USERS:
            left = (await self.world.queue.credits(user_id)).left
            assert left == LIMITS.daily_credits - self.spent(user_id)

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self._serve_everything()
        finally:
            self.run(self.stack.aclose())
            self.runner.close()

    def _serve_everything(self) -> None:
        """Whatever happened, every accepted job still comes to an end."""
        for lease in list(self.leases):
            self.run(self.world.finish(lease))
            self.status[lease.job.id] = JobStatus.DONE
        while (lease := self.run(self.world.queue.claim("last", LEASE_S))) is not None:
            self.run(self.world.finish(lease))
            self.status[lease.job.id] = JobStatus.DONE
            self.attempts[lease.job.id] += 1
        assert not set(self.status.values()) & set(OPEN)
        self.run(self._check_end())

    async def _check_end(self) -> None:
        async with self.world.database.read() as session:
            stored = dict((await session.execute(select(Job.id, Job.status))).all())
        assert stored == self.status


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=8, stateful_step_count=30, deadline=None)
