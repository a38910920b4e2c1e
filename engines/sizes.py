"""Picture sizes of each profile: what the network paints on, and what is cut out of it.

The big family paints multiples of 64 with at most 1024x1024 pixels, as near to the ratio as those allow. The miniature
family was trained on three canvases; the exact ratio is the centre of one, about 128x128 pixels in area. A picture that
comes in has a canvas by its own sides (`fitting`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engines.tasks import AspectRatio


class Profile(StrEnum):
    """A set of checkpoints."""

    MINI = "mini"  # embedded, runs on a CPU
    KANDINSKY3 = "kandinsky3"  # the official weights, wants a GPU


@dataclass(frozen=True, slots=True)
class Size:
    """A picture of width x height pixels, the centre of a canvas whose sides are multiples of 64."""

    width_px: int
    height_px: int
    canvas_width_px: int
    canvas_height_px: int

    def turned(self) -> Size:
        """Portrait of a landscape, and the other way round."""
        return Size(self.height_px, self.width_px, self.canvas_height_px, self.canvas_width_px)


def _ratios(square: Size, three_two: Size, sixteen_nine: Size, five_four: Size) -> Mapping[AspectRatio, Size]:
    return {
        AspectRatio.SQUARE: square,
        AspectRatio.LANDSCAPE_3_2: three_two,
        AspectRatio.PORTRAIT_2_3: three_two.turned(),
        AspectRatio.LANDSCAPE_16_9: sixteen_nine,
        AspectRatio.PORTRAIT_9_16: sixteen_nine.turned(),
        AspectRatio.LANDSCAPE_5_4: five_four,
        AspectRatio.PORTRAIT_4_5: five_four.turned(),
    }


SIZES: Mapping[Profile, Mapping[AspectRatio, Size]] = {
    Profile.MINI: _ratios(
        square=Size(128, 128, 128, 128),
        three_two=Size(156, 104, 192, 128),
        sixteen_nine=Size(170, 96, 192, 128),
        five_four=Size(140, 112, 192, 128),
    ),
    Profile.KANDINSKY3: _ratios(
        square=Size(1024, 1024, 1024, 1024),
        three_two=Size(1216, 832, 1216, 832),
        sixteen_nine=Size(1344, 768, 1344, 768),
        five_four=Size(1152, 896, 1152, 896),
    ),
}

STRIDE_PX = 64  # the U-Net halves latents three times, and a latent is 8 pixels
AREA_PX = 1024 * 1024  # what the big networks paint at most
LONGEST_PX = AREA_PX // STRIDE_PX  # of a canvas that is as narrow as it can be


def fitting(profile: Profile, width_px: int, height_px: int) -> tuple[int, int]:
    """Width and height of the canvas for a picture that comes in; never empty.

    The big family shrinks to its area (`shrunk`); the miniature family takes the trained canvas nearest in ratio.
    """
    if profile is Profile.MINI:
        ratio = math.log(width_px / height_px)
        trained = {(size.canvas_width_px, size.canvas_height_px) for size in SIZES[profile].values()}
        return min(sorted(trained), key=lambda canvas: abs(math.log(canvas[0] / canvas[1]) - ratio))
    width, height = shrunk(width_px, height_px)
    return min(max(width, STRIDE_PX), LONGEST_PX), min(max(height, STRIDE_PX), LONGEST_PX)


def shrunk(width_px: int, height_px: int) -> tuple[int, int]:
    """Both sides divided alike until the area fits, then cut to multiples of 64; a side below 64 becomes 0.

    Source: ai-forever/Kandinsky-3 `utils.py`. So 1920x1080 becomes 1344x768, and small pictures do not grow.
    """
    scale = max(1.0, math.sqrt(width_px * height_px / AREA_PX))
    return round(width_px / scale) // STRIDE_PX * STRIDE_PX, round(height_px / scale) // STRIDE_PX * STRIDE_PX
