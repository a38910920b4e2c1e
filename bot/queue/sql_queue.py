"""The queue on the bot's database: each method is one transaction around a function of this package."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock, utc_now
from bot.database.engine import Database
from bot.database.models import JobStatus, User
from bot.queue import intake, leases, ledger, line, views
from bot.queue.errors import NotFound
from bot.queue.jobs import (
    CancelOutcome,
    Credits,
    Heartbeat,
    Job,
    Lease,
    Limits,
    NewArtifact,
    NewJob,
    Place,
    Recovered,
    Submitted,
)


class SqlJobQueue:
    """bot.queue.protocol.JobQueue on SQLite or PostgreSQL."""

    def __init__(self, database: Database, limits: Limits | None = None, clock: Clock = utc_now) -> None:
        self._database = database
        self._limits = limits or Limits()
        self._clock = clock
        self._work = asyncio.Event()

    def use(self, limits: Limits) -> None:
        """Keep these limits from now on: how many devices serve is known only once they have started."""
        self._limits = limits
        self._work.set()

    async def submit(self, new: NewJob) -> Submitted:
        """Accept a job and charge its credits; a known key returns its job. LimitReached, NotEnoughCredits."""
        async with self._database.write() as session:
            row, created = await intake.submit(session, new, self._limits, self._clock())
            submitted = Submitted(views.snapshot(row), created)
        self._work.set()
        return submitted

    async def claim(self, owner: str, lease_s: float) -> Lease | None:
        """Take the next job in the fair order, or None when no user has one that may run now."""
        async with self._database.write() as session:
            row = await leases.claim(session, owner, lease_s, self._limits, self._clock())
            if row is None or row.lease_until is None:
                return None
            return Lease(views.snapshot(row), row.lease_token, owner, lease_s, row.lease_until)

    async def wait_for_work(self, timeout_s: float) -> None:
        """Return once a job may have become claimable since the last return, or after the time.

        Only changes made through this object wake the waiter early; the time bounds how late others are seen.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):  # asyncio.wait_for may swallow a cancel that comes with the event
                await self._work.wait()
        self._work.clear()

    async def heartbeat(self, lease: Lease) -> Heartbeat:
        """Extend the lease by its `lease_s` from now. LeaseLost."""
        async with self._database.write() as session:
            return await leases.heartbeat(session, lease, self._clock())

    async def finish(self, lease: Lease, artifacts: Sequence[NewArtifact], gpu_ms: int) -> Job:
        """Store the result; it wins over a cancel that came during the last step. LeaseLost."""
        async with self._database.write() as session:
            job = views.snapshot(await leases.finish(session, lease, artifacts, gpu_ms, self._limits, self._clock()))
        self._work.set()
        return job

    async def fail(self, lease: Lease, error_code: str, retryable: bool) -> JobStatus:
        """Put back at the front of its lane while attempts are left, else fail and refund. LeaseLost."""
        async with self._database.write() as session:
            status = await leases.fail(session, lease, error_code, retryable, self._limits, self._clock())
        self._work.set()
        return status

    async def release(self, lease: Lease) -> JobStatus:
        """Put back without using up an attempt (graceful shutdown). LeaseLost."""
        async with self._database.write() as session:
            status = await leases.release(session, lease, self._limits, self._clock())
        self._work.set()
        return status

    async def acknowledge_cancel(self, lease: Lease) -> None:
        """Say that a running job has stopped as requested: cancelled and refunded. LeaseLost."""
        async with self._database.write() as session:
            await leases.acknowledge_cancel(session, lease, self._limits, self._clock())
        self._work.set()

    async def cancel(self, job_id: int, user_id: int) -> CancelOutcome:
        """Cancel a job for its owner. NotFound, NotYours."""
        async with self._database.write() as session:
            return await intake.cancel(session, job_id, user_id, self._clock())

    async def recover_expired(self) -> Recovered:
        """Take back jobs whose lease has run out."""
        async with self._database.write() as session:
            recovered = await leases.recover_expired(session, self._limits, self._clock())
        self._work.set()
        return recovered

    async def recover_others(self, owner: str) -> Recovered:
        """Take back all jobs that anybody but `owner` holds: at the start of the only worker process."""
        async with self._database.write() as session:
            recovered = await leases.recover_others(session, owner, self._limits, self._clock())
        self._work.set()
        return recovered

    async def get(self, job_id: int) -> Job:
        """The job. NotFound."""
        async with self._database.read() as session:
            return views.snapshot(await views.get(session, job_id))

    async def jobs_of(
        self, user_id: int, *, open_only: bool = True, before_id: int | None = None, limit: int = 100
    ) -> list[Job]:
        """All the user's open jobs, oldest first; or `limit` of all jobs, newest first, those before `before_id`."""
        async with self._database.read() as session:
            if open_only:
                return await views.open_jobs(session, user_id)
            return await views.history(session, user_id, before_id, limit)

    async def open_jobs(self) -> list[Job]:
        """Everybody's open jobs, oldest first: at a start, when their status messages are taken up again."""
        async with self._database.read() as session:
            return await views.all_open_jobs(session)

    async def newest_wish(self, user_id: int, key_prefix: str) -> Job | None:
        """The user's newest job whose key has this prefix."""
        async with self._database.read() as session:
            return await views.newest_wish(session, user_id, key_prefix)

    async def undelivered(self, limit: int = 100) -> list[Job]:
        """Jobs that are over and whose outcome the user has not been shown, oldest first."""
        async with self._database.read() as session:
            return await views.undelivered(session, limit)

    async def mark_delivered(self, job_id: int, message_id: int | None) -> bool:
        """Remember that the outcome was shown. True for one caller only; False when there is nothing to show."""
        async with self._database.write() as session:
            return await views.mark_delivered(session, job_id, message_id, self._clock())

    async def set_status_message(self, job_id: int, message_id: int | None) -> None:
        """Remember which message shows the job's progress."""
        async with self._database.write() as session:
            await views.set_status_message(session, job_id, message_id)

    async def place(self, job_id: int) -> Place:
        """Where the job stands in line. NotFound when it is over or never was."""
        async with self._database.read() as session:
            return await line.place(session, await views.get(session, job_id), self._limits.devices, self._clock())

    async def credits(self, user_id: int) -> Credits:
        """The user's credits of today. NotFound."""
        async with self._database.read() as session:
            return await self._credits(session, await _user(session, user_id))

    async def grant(self, user_id: int, delta: int, reason: str, *, key: str | None = None) -> Credits:
        """Give a user credits for today, or take some; a known key changes nothing. ValueError for 0. NotFound."""
        async with self._database.write() as session:
            user = await _user(session, user_id)
            await ledger.grant(session, user, delta, reason, key, self._limits, self._clock())
            await session.flush()
            return await self._credits(session, user)

    async def _credits(self, session: AsyncSession, user: User) -> Credits:
        return await ledger.credits_of(session, user, self._limits, self._clock())


async def _user(session: AsyncSession, user_id: int) -> User:
    """The row of a user. NotFound."""
    user = await session.get(User, user_id)
    if user is None:
        raise NotFound(f"user {user_id}")
    return user
