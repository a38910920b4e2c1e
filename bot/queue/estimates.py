"""What is learned from measured durations, as pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

# The mean follows a change of speed (another GPU, a busy machine) within a handful of jobs, and one odd job moves it
# by a fifth at most.
SMOOTHING: Final = 0.2


def learn(mean_ms: float, samples: int, measured_ms: float) -> float:
    """The mean after one more sample: plain for the first five, exponential after."""
    share = max(SMOOTHING, 1.0 / (samples + 1))
    return mean_ms + share * (measured_ms - mean_ms)


def remaining_ms(cost_ms: float, elapsed_ms: float) -> float:
    """What a running job still needs; one that takes longer than expected is taken to be nearly there."""
    return max(0.0, cost_ms - elapsed_ms)


def eta_s(running_ms: Iterable[float], ahead_ms: float, own_ms: float, devices: int) -> float:
    """Seconds until a result: the work before it is shared by the devices, its own is not."""
    return ((sum(running_ms) + ahead_ms) / devices + own_ms) / 1000.0
