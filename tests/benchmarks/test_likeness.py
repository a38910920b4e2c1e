"""A benchmark's word that two pictures are the same."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from benchmarks import likeness


def png(values: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(values.astype(np.uint8)).save(out, format="PNG")
    return out.getvalue()


def noise(seed: int, height: int = 24) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 250, (height, 32, 3))


def test_a_picture_is_like_itself_and_like_its_rounded_twin() -> None:
    picture = noise(1)
    assert likeness.compare(png(picture), png(picture)) == likeness.Likeness(0, 1.0)
    twin = likeness.compare(png(picture), png(picture + 1))
    assert twin == likeness.Likeness(1, 1.0)
    assert twin.is_same


@pytest.mark.parametrize("other", [noise(2), noise(1, height=32), noise(1) + 3])
def test_another_picture_another_size_or_another_tone_is_not_the_same(other: np.ndarray) -> None:
    assert not likeness.compare(png(noise(1)), png(other)).is_same
