"""What leaves a device's memory, and the shelf that carries it out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines import errors, residency
from engines.residency import Component, Resident, Shelf

RESIDENTS = st.lists(
    st.builds(
        Resident, st.text("abcdefgh", min_size=1, max_size=2), st.integers(1, 50), st.integers(0, 9), st.booleans()
    ),
    max_size=8,
    unique_by=lambda resident: resident.name,
)


@given(RESIDENTS, st.integers(0, 120), st.integers(0, 200))
def test_a_plan_makes_room_from_the_longest_unused_and_no_more_than_needed(
    residents: list[Resident], need: int, budget: int
) -> None:
    by_name = {resident.name: resident for resident in residents}
    locked = sum(resident.bytes for resident in residents if resident.leased)
    if locked + need > budget:
        with pytest.raises(errors.OutOfMemory):
            residency.evictions(residents, need, budget)
        return
    leaving = residency.evictions(residents, need, budget)
    staying = [resident for resident in residents if resident.name not in leaving]
    assert sum(resident.bytes for resident in staying) + need <= budget
    assert not any(by_name[name].leased for name in leaving)
    assert all(
        by_name[name].used_at <= resident.used_at for name in leaving for resident in staying if not resident.leased
    )
    if leaving:  # the last to go was needed
        kept = sum(resident.bytes for resident in staying) + by_name[leaving[-1]].bytes
        assert kept + need > budget


class Things:
    """Components that remember where they were."""

    def __init__(self, **bytes_by_name: int) -> None:
        self.history: list[str] = []
        self.components = {name: self._component(name, size) for name, size in bytes_by_name.items()}

    def _component(self, name: str, size: int) -> Component[str]:
        def load() -> str:
            self.history.append(f"load {name}")
            return name

        return Component(
            name,
            size,
            load,
            park=lambda value: self.history.append(f"park {value}"),
            unpark=lambda value: self.history.append(f"unpark {value}"),
        )


def use(shelf: Shelf, component: Component[str]) -> None:
    with shelf.lease(component) as value:
        assert value == component.name
        assert {resident.name for resident in shelf.residents() if resident.leased} == {component.name}


def test_a_component_is_loaded_once_and_stays() -> None:
    things = Things(encoder=10)
    shelf = Shelf(budget_bytes=10)
    for _ in range(3):
        use(shelf, things.components["encoder"])
    assert things.history == ["load encoder"]
    assert shelf.holds("encoder")


def test_the_least_recently_used_is_dropped_when_there_is_no_room_to_park_it() -> None:
    things = Things(encoder=6, base=3, flash=3)
    shelf = Shelf(budget_bytes=9)
    for name in ("encoder", "base", "encoder", "flash", "base"):
        use(shelf, things.components[name])
    assert things.history == ["load encoder", "load base", "load flash", "load base"]
    assert {resident.name for resident in shelf.residents()} == {"base", "flash"}


def test_what_was_parked_comes_back_without_loading() -> None:
    things = Things(base=5, flash=5)
    shelf = Shelf(budget_bytes=5, parking_bytes=5)
    for name in ("base", "flash", "base"):
        use(shelf, things.components[name])
    assert things.history == ["load base", "park base", "load flash", "park flash", "unpark base"]


def test_what_is_in_use_does_not_leave() -> None:
    things = Things(base=5, flash=6)
    shelf = Shelf(budget_bytes=10)
    with shelf.lease(things.components["base"]):
        assert shelf.release() == 0
        with pytest.raises(errors.OutOfMemory), shelf.lease(things.components["flash"]):
            pass
        assert shelf.holds("base")
    assert shelf.release() == 5
    use(shelf, things.components["flash"])


def test_a_component_that_failed_to_load_is_not_held() -> None:
    def fail() -> str:
        raise errors.CheckpointInvalid("broken")

    shelf = Shelf(budget_bytes=10)
    with pytest.raises(errors.CheckpointInvalid), shelf.lease(Component("base", 5, fail)):
        pass
    assert shelf.residents() == ()
