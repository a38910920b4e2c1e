"""What is done when a device runs out of memory: free, split, release, and only then give up.

1. Free the device's caches and try the same work again.
2. Split the batch and try each half by itself, down to single units.
3. For a single unit: let go of every component that is not in use, and try once more.
4. OutOfMemory for this unit; the others are not touched.
Any other failure of a batch is tried unit by unit, so that one bad task does not take strangers with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from engines import devices, errors

log = structlog.get_logger(__name__)

U = TypeVar("U")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Climbed(Generic[V]):
    """One result or error a unit, in order, and the size of the largest batch that fitted (0: none)."""

    results: tuple[V | errors.EngineError, ...]
    largest: int


def climb(
    units: Sequence[U],
    work: Callable[[Sequence[U]], Sequence[V]],
    device: devices.Device,
    release: Callable[[], object],
) -> Climbed[V]:
    """Results of `work` on all units. `work` must leave no trace when it fails: it may be called again."""
    results, failure = _tried(units, work, device)
    if isinstance(failure, errors.OutOfMemory):
        device.free_caches()
        results, failure = _tried(units, work, device)
    if isinstance(failure, errors.OutOfMemory) and len(units) == 1:
        release()
        device.free_caches()
        results, failure = _tried(units, work, device)
    if failure is None:
        return Climbed(tuple(results), len(units))
    if len(units) == 1:
        return Climbed((failure,), 0)
    if isinstance(failure, errors.OutOfMemory):
        middle = (len(units) + 1) // 2
        parts = [climb(half, work, device, release) for half in (units[:middle], units[middle:])]
        return Climbed(tuple(r for part in parts for r in part.results), max(part.largest for part in parts))
    parts = [climb([unit], work, device, release) for unit in units]
    return Climbed(tuple(result for part in parts for result in part.results), len(units))


def _tried(
    units: Sequence[U], work: Callable[[Sequence[U]], Sequence[V]], device: devices.Device
) -> tuple[Sequence[V], errors.EngineError | None]:
    """The results, or why there are none. The exception itself dies here: its frames hold the batch's tensors."""
    try:
        results = work(units)
        device.synchronize()  # a device that works behind our back reports here
    except errors.EngineError as error:
        return (), error.with_traceback(None)
    except Exception as error:
        if device.is_out_of_memory(error):
            return (), errors.OutOfMemory(f"{device.name} ran out of memory with {len(units)} at once")
        log.warning("engine failed", device=device.name, batch=len(units), exc_info=True)
        return (), errors.EngineFailed(f"{type(error).__name__}: {error}")
    return results, None
