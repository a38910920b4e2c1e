"""Whether two pictures are the same up to rounding."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

ROUNDING_LEVELS: Final = 2  # of 255
# Of values within rounding. Who else is in a batch changes the last bits of a sum, and untrained networks blow that up
# to 3 % of a picture; trained ones keep every value within a level. Pictures of two seeds share far less.
SAME_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Likeness:
    """The largest difference of a channel of a pixel, in levels of 255, and the share of values within rounding."""

    largest_levels: int
    share: float

    @property
    def is_same(self) -> bool:
        return self.share >= SAME_SHARE


def compare(one: bytes, other: bytes) -> Likeness:
    """The likeness of two picture files; pictures of different sizes have nothing in common."""
    first, second = (np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int) for png in (one, other))
    if first.shape != second.shape:
        return Likeness(255, 0.0)
    difference = np.abs(first - second)
    return Likeness(int(difference.max()), float((difference <= ROUNDING_LEVELS).mean()))
