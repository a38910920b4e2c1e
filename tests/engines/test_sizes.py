"""The canvas of a picture that comes in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines import media, sizes

side = st.integers(1, media.SIDE_LIMIT)


@given(side, side)
def test_a_big_canvas_is_multiples_of_64_within_the_area_and_no_larger_than_the_picture(
    width: int, height: int
) -> None:
    canvas = sizes.fitting(sizes.Profile.KANDINSKY3, width, height)
    assert all(one > 0 and one % 64 == 0 for one in canvas)
    assert canvas[0] * canvas[1] <= sizes.AREA_PX
    assert all(one <= max(own, 64) for one, own in zip(canvas, (width, height), strict=True))


@given(side, side)
def test_a_small_canvas_is_one_of_the_trained(width: int, height: int) -> None:
    canvas = sizes.fitting(sizes.Profile.MINI, width, height)
    assert canvas in {(128, 128), (192, 128), (128, 192)}
    assert canvas == sizes.fitting(sizes.Profile.MINI, height, width)[::-1]


@pytest.mark.parametrize("ratio", list(sizes.SIZES[sizes.Profile.MINI]))
def test_what_a_profile_has_painted_returns_to_its_own_canvas(ratio: object) -> None:
    for profile, of_profile in sizes.SIZES.items():
        size = next(one for known, one in of_profile.items() if known == ratio)
        canvas = (size.canvas_width_px, size.canvas_height_px)
        assert sizes.fitting(profile, size.width_px, size.height_px) == canvas
