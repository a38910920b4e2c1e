"""Named points at which a test may kill the process, as a power cut would.

`KANDINSKY_CRASH_AT=name` in the environment makes the process send itself SIGKILL when it reaches that point: no
handler runs, nothing is flushed. Without the variable a point costs one comparison.
"""

from __future__ import annotations

import os
import signal
from enum import StrEnum
from typing import Final


class Point(StrEnum):
    """Moments of a job's life between which everything that must survive has been committed."""

    UPDATE_STORED = "update-stored"
    UPDATE_HANDLED = "update-handled"
    JOB_ACCEPTED = "job-accepted"
    STATUS_SENT = "status-sent"
    BEFORE_CLAIM = "before-claim"
    AFTER_CLAIM = "after-claim"
    MID_STEP = "mid-step"
    BEFORE_RESULT_STORED = "before-result-stored"
    AFTER_RESULT_STORED = "after-result-stored"
    BEFORE_DELIVERY = "before-delivery"
    AFTER_DELIVERY = "after-delivery"


VARIABLE: Final = "KANDINSKY_CRASH_AT"
_armed: Final = os.environ.get(VARIABLE, "")


def point(name: Point) -> None:
    """Kill this process here if the environment asks for it."""
    if _armed and _armed == name:
        os.kill(os.getpid(), signal.SIGKILL)
