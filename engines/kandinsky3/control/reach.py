"""How strongly control holds a picture, over its plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from engines.kandinsky3 import sampler


def within(plan: Sequence[sampler.Posterior], start: float = 0.0, end: float = 1.0) -> tuple[sampler.Posterior, ...]:
    """The plan of T steps, controlled at step i where int(T start) <= i <= int(T end): half of 4 steps are three.

    The bound is that of the fork's `kandinsky3controlnet2` pipelines; outside of it the scale is 0.
    """
    first, last = int(len(plan) * start), int(len(plan) * end)
    return tuple(dataclasses.replace(step, scale=1.0 if first <= i <= last else 0.0) for i, step in enumerate(plan))
