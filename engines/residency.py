"""Which components are in a device's memory: a pure plan, and the shelf that carries it out.

A component is a thing of known size that is loaded on first use and shared by engines (text encoder, MoVQ, U-Nets). It
is used under a lease; only what nobody leases may leave, least recently used first. What leaves a card is parked in the
machine's memory while that has room, so that it comes back over the bus and not from disk.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

from engines import errors

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Resident:
    """A component in memory; `used_at` counts leases on its shelf, the greatest is the latest."""

    name: str
    bytes: int
    used_at: int = 0
    leased: bool = False


def evictions(residents: Iterable[Resident], need_bytes: int, budget_bytes: int) -> tuple[str, ...]:
    """Names that must leave, in order, so that `need_bytes` more fit the budget. Raises OutOfMemory if they cannot."""
    present = list(residents)
    over = sum(resident.bytes for resident in present) + need_bytes - budget_bytes
    leaving: list[str] = []
    for resident in sorted((r for r in present if not r.leased), key=lambda r: r.used_at):
        if over <= 0:
            break
        leaving.append(resident.name)
        over -= resident.bytes
    if over > 0:
        raise errors.OutOfMemory(f"{need_bytes} bytes are needed, {over} more than the device can free")
    return tuple(leaving)


@dataclass(frozen=True, slots=True)
class Component(Generic[T]):
    """How to get a component. `bytes` is what it takes in the device's memory once loaded.

    `park` moves it to the machine's memory and `unpark` back; without them what leaves is dropped.
    """

    name: str
    bytes: int
    load: Callable[[], T]
    park: Callable[[T], None] | None = None
    unpark: Callable[[T], None] | None = None


@dataclass(slots=True)
class _Held:
    component: Component[object]
    value: object
    used_at: int = 0
    leases: int = 0


@dataclass(slots=True)
class Shelf:
    """The components of one device. Not thread-safe: it belongs to the device's thread."""

    budget_bytes: int
    free_caches: Callable[[], None] = lambda: None
    parking_bytes: int = 0
    _held: dict[str, _Held] = field(default_factory=dict)
    _parked: dict[str, _Held] = field(default_factory=dict)
    _clock: int = 0

    @contextlib.contextmanager
    def lease(self, component: Component[T]) -> Iterator[T]:
        """The component, loaded if it was not there, safe from eviction inside the block. Raises OutOfMemory."""
        held = self._held.get(component.name) or self._bring(component)
        self._clock += 1
        held.used_at = self._clock
        held.leases += 1
        try:
            yield cast("T", held.value)
        finally:
            held.leases -= 1

    def holds(self, name: str) -> bool:
        return name in self._held

    def has_room_for(self, component: Component[T]) -> bool:
        """Whether the component can come without another leaving."""
        return sum(held.component.bytes for held in self._held.values()) + component.bytes <= self.budget_bytes

    def residents(self) -> tuple[Resident, ...]:
        return tuple(
            Resident(name, held.component.bytes, held.used_at, held.leases > 0) for name, held in self._held.items()
        )

    def release(self) -> int:
        """Evict everything that nobody leases; bytes freed."""
        leaving = [resident for resident in self.residents() if not resident.leased]
        for resident in leaving:
            self._evict(resident.name)
        self.free_caches()
        return sum(resident.bytes for resident in leaving)

    def _bring(self, component: Component[T]) -> _Held:
        leaving = evictions(self.residents(), component.bytes, self.budget_bytes)
        parked = self._parked.pop(component.name, None)  # first, so that what leaves can take its place
        for name in leaving:
            self._evict(name)
        if leaving:
            self.free_caches()
        if parked is not None and component.unpark is not None:
            component.unpark(cast("T", parked.value))
            held = parked
        else:
            held = _Held(cast("Component[object]", component), component.load())
        self._held[component.name] = held
        return held

    def _evict(self, name: str) -> None:
        held = self._held.pop(name)
        used = sum(other.component.bytes for other in self._parked.values())
        if held.component.park is not None and used + held.component.bytes <= self.parking_bytes:
            held.component.park(held.value)
            self._parked[name] = held
