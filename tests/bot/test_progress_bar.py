from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.progress_bar import CELLS, progress_bar


def test_a_bar_shows_cells_and_a_percentage() -> None:
    assert progress_bar(15, 50) == "▰▰▰▱▱▱▱▱▱▱ 30 %"
    assert progress_bar(0, 50) == "▱▱▱▱▱▱▱▱▱▱ 0 %"
    assert progress_bar(50, 50) == "▰▰▰▰▰▰▰▰▰▰ 100 %"


@given(st.integers(-5, 300), st.integers(-5, 300))
def test_a_bar_always_has_its_length_and_is_full_only_at_the_end(done: int, total: int) -> None:
    bar, percent = progress_bar(done, total).split(" ")[:2]
    assert len(bar) == CELLS
    assert 0 <= int(percent) <= 100
    assert ("▱" not in bar) == (total > 0 and done >= total)


@given(st.integers(1, 300), st.data())
def test_a_bar_never_goes_back(total: int, data: st.DataObject) -> None:
    done = data.draw(st.integers(0, total - 1))
    assert progress_bar(done, total).count("▰") <= progress_bar(done + 1, total).count("▰")
