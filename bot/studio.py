"""What users can ask for, as services that handlers call: submit, repeat, cancel, list.

A wish is one transaction in the queue; only afterwards is anything shown. The idempotency key names the wish: the
message that asked for it, or the press of a button, so that an update that is handled twice is one job. A press while
the button's last painting is open is that painting; a later press is a new one.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog
from pydantic import ValidationError

from bot import costs, crash, parameters
from bot.database.models import OPEN, JobStatus
from bot.queue.errors import NotFound, NotYours
from bot.queue.jobs import CancelOutcome, NewJob, Submitted
from engines import styles, tasks

if TYPE_CHECKING:
    from bot.board import StatusBoard
    from bot.chat_tasks import ChatTask
    from bot.database.artifacts import Artifacts
    from bot.database.users import Person, Preferences
    from bot.delivery import Delivery
    from bot.maintenance import Maintenance
    from bot.media import MediaStore
    from bot.queue.jobs import Credits, Job, Place
    from bot.queue.protocol import JobQueue
    from bot.runner import Runner

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a wish came from: the chat, the message to answer, the language, the key that names the wish, the topic."""

    chat_id: int
    reply_to_message_id: int | None
    language: str
    key: str
    message_thread_id: int | None = None


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job in line or running, with its place."""

    job: Job
    place: Place

    @property
    def is_running(self) -> bool:
        """It is being painted now."""
        return self.job.status is JobStatus.RUNNING


class Studio:
    """The bot's services around the queue."""

    def __init__(
        self,
        queue: JobQueue,
        board: StatusBoard,
        runner: Runner,
        delivery: Delivery,
        artifacts: Artifacts,
        media: MediaStore,
        maintenance: Maintenance,
        *,
        profile: str,
        models: tuple[tasks.Model, ...],
    ) -> None:
        self._queue = queue
        self._artifacts = artifacts
        self._media = media
        self._maintenance = maintenance
        self._board = board
        self._runner = runner
        self._delivery = delivery
        self._profile = profile
        self.models = models  # those that can be chosen here, the usual one first

    @property
    def styles(self) -> tuple[styles.Style, ...]:
        """The drawing styles that can be chosen here."""
        return styles.of(self._profile)

    def task(self, preferences: Preferences, prompt: str) -> tasks.TextToImage:
        """The prompt with the user's settings, and a fresh seed unless one is fixed."""
        return parameters.task_of(prompt, preferences, models=self.models, styles=self.styles, fresh_seed=_fresh_seed())

    async def again(self, person: Person, source_id: int, origin: Origin, press_id: str) -> Submitted:
        """Paint a job's task with a new seed; the usual model takes the place of one that is gone.

        While the last such repeat is open, it is that one. Raises QueueError.
        """
        _, task = await self.owned(person, source_id)
        model = task.model if task.model in self.models else self.models[0]
        repeated = task.model_copy(update={"seed": _fresh_seed(), "model": model})
        return await self.press(repeated, person, origin, press_id)

    async def with_model(
        self, person: Person, source_id: int, model: tasks.Model, origin: Origin, press_id: str
    ) -> Submitted:
        """Paint a job's task with the same seed and another model, once. Raises QueueError."""
        _, task = await self.owned(person, source_id)
        return await self.press_once(
            task.model_copy(update={"model": model, "refine": False}), person, origin, press_id
        )

    async def refined(self, person: Person, source_id: int, origin: Origin, press_id: str) -> Submitted:
        """Paint a job's task with the same seed, refined, once. Raises QueueError."""
        _, task = await self.owned(person, source_id)
        base = tasks.Model.KANDINSKY_3
        return await self.press_once(task.model_copy(update={"model": base, "refine": True}), person, origin, press_id)

    async def press(self, task: ChatTask, person: Person, origin: Origin, press_id: str) -> Submitted:
        """Accept a task asked for by a button (its key: `origin.key`) that may be pressed again. Raises QueueError."""
        latest = await self._queue.newest_wish(person.id, f"{origin.key}:")
        if latest is not None and latest.status in OPEN:
            return Submitted(latest, created=False)
        return await self.submit(task, person, replace(origin, key=f"{origin.key}:{press_id}"))

    async def press_once(self, task: ChatTask, person: Person, origin: Origin, press_id: str) -> Submitted:
        """Accept a task whose result would be the same each time: a press after a success brings that job back."""
        latest = await self._queue.newest_wish(person.id, f"{origin.key}:")
        if latest is not None and latest.status not in _MISSED:
            return Submitted(latest, created=False)
        return await self.submit(task, person, replace(origin, key=f"{origin.key}:{press_id}"))

    async def is_granted(self, person_id: int, key: str) -> bool:
        """What a button with this key asks for once is painted already, or on its way."""
        latest = await self._queue.newest_wish(person_id, f"{key}:")
        return latest is not None and latest.status not in _MISSED

    async def submit(self, task: ChatTask, person: Person, origin: Origin) -> Submitted:
        """Accept a task and show its place in line; a known key brings its job back. Raises QueueError."""
        # A wish that is handled again brings its job back, also while nothing new is taken.
        if self._maintenance.is_on and await self._queue.newest_wish(person.id, origin.key) is None:
            await self._maintenance.admit(person.id)
        model = costs.model_of(task).value
        submitted = await self._queue.submit(
            NewJob(
                user_id=person.id,
                task=task,
                chat_id=origin.chat_id,
                reply_to_message_id=origin.reply_to_message_id or None,  # 0: an ephemeral message, not to be answered
                message_thread_id=origin.message_thread_id,
                language=origin.language,
                idempotency_key=origin.key,
                cost_credits=costs.credits(task),
                cost_gpu_ms=costs.gpu_ms(task, self._profile),
                model=model,
                size_key=costs.size_key(task),
            )
        )
        if submitted.created:
            crash.point(crash.Point.JOB_ACCEPTED)
            log.info("job_accepted", job_id=submitted.job.id, kind=task.kind, model=model)
        if submitted.job.status in OPEN:
            await self._board.open(submitted.job)
        return submitted

    async def cancel(self, person: Person, job_id: int) -> CancelOutcome:
        """Cancel a job of this user, queued or running. Raises NotFound, NotYours."""
        outcome = await self._queue.cancel(job_id, person.id)
        if outcome is CancelOutcome.CANCELLED:
            self._delivery.notify(job_id)
        elif outcome is CancelOutcome.REQUESTED:
            self._runner.cancel(job_id)
        return outcome

    async def cancel_all(self, person: Person) -> int:
        """Cancel everything this user has open; returns how many jobs that were."""
        stopped = 0
        # The newest first: otherwise cancelling the running one would start the next.
        for job in reversed(await self._queue.jobs_of(person.id)):
            stopped += await self.cancel(person, job.id) is not CancelOutcome.TOO_LATE
        return stopped

    async def open_jobs(self, person: Person) -> list[OpenJob]:
        """The user's jobs in line and running, oldest first."""
        found = []
        for job in await self._queue.jobs_of(person.id):
            try:
                found.append(OpenJob(job, await self._queue.place(job.id)))
            except NotFound:  # it ended between the two questions
                continue
        return found

    async def credits(self, person: Person) -> Credits:
        """What the user may still spend today."""
        return await self._queue.credits(person.id)

    async def original(self, person: Person, job_id: int, index: int) -> bytes:
        """The lossless file of a result of this user. Raises NotFound, NotYours, FileGone."""
        await self.owned(person, job_id)
        found = await self._artifacts.of_job(job_id)
        if not 0 <= index < len(found):
            raise NotFound(f"job {job_id} has no picture {index}")
        return await self._media.read(found[index].path)

    async def originals(self, person: Person, job_id: int) -> list[bytes]:
        """All lossless files of a result of this user. Raises NotFound, NotYours, FileGone."""
        await self.owned(person, job_id)
        found = await self._artifacts.of_job(job_id)
        if not found:
            raise NotFound(f"job {job_id} has no pictures")
        return [await self._media.read(one.path) for one in found]

    async def owned(self, person: Person, job_id: int) -> tuple[Job, ChatTask]:
        """A job of this user with its task. Raises NotFound (also for what was erased), NotYours."""
        job = await self._queue.get(job_id)
        if job.user_id != person.id:
            raise NotYours(str(job_id))
        try:
            return job, job.task
        except ValidationError as error:
            raise NotFound(f"the task of job {job_id} is gone") from error

    async def show_open_jobs(self) -> None:
        """After a restart: take up the status messages of open jobs, and send those that were never sent."""
        for job in await self._queue.open_jobs():
            await self._board.open(job)


_MISSED = (JobStatus.FAILED, JobStatus.CANCELLED)


def _fresh_seed() -> int:
    return secrets.randbelow(tasks.SEED_LIMIT)
