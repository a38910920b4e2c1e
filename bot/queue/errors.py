"""What can go wrong in the queue.

QueueError
├── LimitReached       the user has as many jobs in line as allowed
├── NotEnoughCredits   the user's credits of today do not cover the job
├── Banned             the user's access is closed
├── NotFound           there is no such job or user
├── NotYours           the job belongs to somebody else
├── FavouritesFull     the user has as many favourites as allowed
├── Maintenance        nothing new is taken; the operator says why
└── LeaseLost          the job has been taken back; its worker must stop and store nothing

`code` is stable: texts are chosen by it.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar


class QueueError(Exception):
    """The root of all queue errors."""

    code: ClassVar[str] = "queue_error"


class LimitReached(QueueError):
    """The user has as many jobs in line as allowed."""

    code = "queued_limit"

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} jobs are in line already")
        self.limit = limit


class NotEnoughCredits(QueueError):
    """The user's credits of today do not cover the job."""

    code = "not_enough_credits"

    def __init__(self, needed: int, left: int, resets_at: datetime) -> None:
        super().__init__(f"{needed} credits are needed, {left} are left until {resets_at:%Y-%m-%d %H:%M %Z}")
        self.needed = needed
        self.left = left
        self.resets_at = resets_at


class Banned(QueueError):
    """The user's access is closed."""

    code = "banned"


class NotFound(QueueError):
    """There is no such job or user."""

    code = "job_not_found"


class NotYours(QueueError):
    """The job belongs to somebody else."""

    code = "not_yours"


class FavouritesFull(QueueError):
    """The user has as many favourites as allowed."""

    code = "favourites_full"

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} favourites are kept already")
        self.limit = limit


class Maintenance(QueueError):
    """Nothing new is taken; `text` are the operator's words for it and may be empty."""

    code = "maintenance"

    def __init__(self, text: str) -> None:
        super().__init__("nothing new is taken")
        self.text = text


class LeaseLost(QueueError):
    """The job has been taken back; its worker must stop and store nothing."""

    code = "lease_lost"
