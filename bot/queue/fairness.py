"""Start-time fair queueing (Goyal, Vin, Cheng 1997) with one tag a lane, as pure functions.

A lane's tag is the virtual time at which its next job starts. The queue serves the lane with the least tag and moves
its clock V to that tag. Each service moves the lane's tag by cost / weight, so lanes that always have work receive
service in proportion to their weights: with D jobs in service at once, two of them never differ by more than
(D + 1) (cA / wA + cB / wB) in service over weight, where c is a lane's dearest job.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backlog:
    """A lane's queued jobs in order, as (job id, cost in GPU milliseconds)."""

    tag: float
    weight: float
    jobs: Sequence[tuple[int, float]]


def arrival_tag(tag: float, virtual_time: float) -> float:
    """The tag of a lane that gets work after it had none: an idle lane saves up nothing."""
    return max(tag, virtual_time)


def charge(cost_gpu_ms: float, weight: float) -> float:
    """The virtual time that a service of this cost takes."""
    return cost_gpu_ms / weight


def correction(charged: float, predicted_gpu_ms: float, used_gpu_ms: float) -> float:
    """What to add to a lane's tag when a job charged by prediction has used something else."""
    return charged * (used_gpu_ms / predicted_gpu_ms - 1.0)


def serving_order(backlogs: Iterable[Backlog]) -> Iterator[int]:
    """Job ids in the order in which they will be served if nothing arrives and predictions hold."""
    heap = [(backlog.tag, backlog.jobs[0][0], 0, backlog) for backlog in backlogs if backlog.jobs]
    heapq.heapify(heap)
    while heap:
        tag, job_id, index, backlog = heap[0]
        yield job_id
        if index + 1 < len(backlog.jobs):
            tag += charge(backlog.jobs[index][1], backlog.weight)
            heapq.heapreplace(heap, (tag, backlog.jobs[index + 1][0], index + 1, backlog))
        else:
            heapq.heappop(heap)
