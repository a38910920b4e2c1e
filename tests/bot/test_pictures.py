"""What a result looks like in the chat."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot import pictures


def _png(width: int, height: int, colour: tuple[int, int, int] = (200, 30, 40)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, format="PNG")
    return out.getvalue()


@given(st.integers(8, 700), st.integers(8, 700))
def test_a_shown_picture_is_large_enough_and_keeps_its_proportions(width: int, height: int) -> None:
    with Image.open(io.BytesIO(pictures.for_chat(_png(width, height)))) as shown:
        assert max(shown.size) >= pictures.SHOWN_AT_LEAST_PX
        assert shown.width * height == shown.height * width


def test_a_large_picture_is_sent_as_it_is() -> None:
    png = _png(1024, 512)
    assert pictures.for_chat(png) is png


def test_enlarging_keeps_an_even_colour() -> None:
    with Image.open(io.BytesIO(pictures.for_chat(_png(128, 128)))) as shown:
        assert shown.size == (512, 512)
        assert shown.getextrema() == ((200, 200), (30, 30), (40, 40))
