"""Outpainting: the picture lies on a larger canvas, and what is new of it is inpainted (paper, 5.3).

No Kandinsky 3 repository has code for it; the paper says that the inpainting network serves it.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engines import errors, sizes, tasks
from engines import media as files
from engines.kandinsky3 import inpainting, movq, sampler
from engines.kandinsky3.inpainting import Mask, Repainting
from engines.kandinsky3.painting import Painting

AREA_LIMIT_PX = 4096 * 4096  # of the result; a larger canvas is shrunk with its picture
_MARGINS = range(1, tasks.MARGIN_LIMIT + 1)  # pixels
_ZOOMS = range(101, 401)  # hundredths


@dataclass(frozen=True, slots=True)
class Frame:
    """A canvas, and where the picture lies on it; in pixels."""

    width: int
    height: int
    left: int
    top: int
    picture_width: int
    picture_height: int

    def within(self, area: int) -> Frame:
        """The same frame, shrunk where its area is larger."""
        scale = min(1.0, math.sqrt(area / (self.width * self.height)))
        if scale == 1.0:
            return self
        sides = (self.width, self.height, self.picture_width, self.picture_height)
        width, height, picture_width, picture_height = (max(1, int(side * scale)) for side in sides)
        left = min(int(self.left * scale), width - picture_width)  # a picture never gets thinner than a pixel
        top = min(int(self.top * scale), height - picture_height)
        return Frame(width, height, left, top, picture_width, picture_height)


def frame(width: int, height: int, task: tasks.Outpaint) -> Frame:
    """The canvas that a task asks for around a picture."""
    left = top = None
    if task.margins is not None:
        left, top = task.margins.left, task.margins.top
        wanted = (width + left + task.margins.right, height + top + task.margins.bottom)
    elif task.zoom_out is not None:
        wanted = (round(width * task.zoom_out), round(height * task.zoom_out))
    else:
        wanted = _smallest(width, height, task.aspect_ratio)
    return Frame(
        *wanted,
        left=(wanted[0] - width) // 2 if left is None else left,
        top=(wanted[1] - height) // 2 if top is None else top,
        picture_width=width,
        picture_height=height,
    )


def seen_frame(width: int, height: int, task: tasks.Outpaint, profile: sizes.Profile) -> Frame:
    """The canvas that a task asks for, shrunk to the largest that is made.

    Raises CanvasTooSmall where the network would see nothing new.
    """
    where = frame(width, height, task).within(AREA_LIMIT_PX)
    if not is_seen(where, profile):
        raise errors.CanvasTooSmall(f"the network would see nothing new: {_wider(width, height, task, profile)}")
    return where


def is_seen(where: Frame, profile: sizes.Profile) -> bool:
    """Whether the network's mask has something new, along the width or along the height."""
    width_px, height_px = sizes.fitting(profile, where.width, where.height)
    across = _reaches(where.left, where.picture_width, where.width, width_px)
    return across or _reaches(where.top, where.picture_height, where.height, height_px)


def _reaches(before: int, own: int, whole: int, canvas_px: int) -> bool:
    """Whether what lies before or after the picture marks a pixel of the canvas from which a latent takes its mask."""
    line = np.pad(np.zeros((1, own), np.float32), ((0, 0), (before, whole - before - own)), constant_values=1)
    keep = 1 - inpainting.resized(line, canvas_px, 1)[0, :: movq.FACTOR]
    return bool((keep != 1).any())


def _wider(width: int, height: int, task: tasks.Outpaint, profile: sizes.Profile) -> str:
    """What to ask for in place of a canvas of which nothing new is seen."""

    def is_enough(wish: str, value: object) -> bool:
        alone = {"margins": None, "zoom_out": None, "aspect_ratio": None, wish: value}
        return is_seen(frame(width, height, task.model_copy(update=alone)).within(AREA_LIMIT_PX), profile)

    def at(side: str) -> str:
        margins = task.margins or tasks.Margins()
        pixels = _least(_MARGINS, lambda pixels: is_enough("margins", margins.model_copy(update={side: pixels})))
        return f"at least {pixels} pixels at the {side}"

    if task.zoom_out is not None:
        return f"zoom out by {_least(_ZOOMS, lambda hundredths: is_enough('zoom_out', hundredths / 100)) / 100} or more"
    if task.margins is None:
        return f"choose another ratio, or ask for {at('right')}"
    sides = [side for side, pixels in task.margins if pixels] or ["right"]
    return f"ask for {' or '.join(map(at, sides))}"


def _least(numbers: range, is_enough: Callable[[int], bool]) -> int:
    """The first of the numbers that is enough, as all after it are."""
    return numbers[min(bisect.bisect_left(numbers, True, key=is_enough), len(numbers) - 1)]


def _smallest(width: int, height: int, ratio: tasks.AspectRatio | None) -> tuple[int, int]:
    """The smallest canvas of a ratio that holds the picture."""
    if ratio is None:
        return width, height
    return max(width, round(height * ratio.value_float)), max(height, round(width / ratio.value_float))


def laid_out(image: Image.Image, where: Frame) -> tuple[Image.Image, Mask]:
    """The picture on its canvas, its edges drawn out over what is new, and the mask [h, w]: 1 where it is new.

    The network sees grey there; only the seam takes something of the drawn out edges.
    """
    own = (where.picture_width, where.picture_height)
    fitted = image if image.size == own else image.resize(own, Image.Resampling.LANCZOS)
    around = (
        (where.top, where.height - where.top - where.picture_height),
        (where.left, where.width - where.left - where.picture_width),
    )
    pixels = np.pad(np.asarray(fitted), (*around, (0, 0)), mode="edge")
    mask = np.pad(np.zeros((where.picture_height, where.picture_width), np.float32), around, constant_values=1)
    return Image.fromarray(pixels), mask


class Outpaint:
    """The recipe of `tasks.Outpaint`."""

    def __init__(self, repainting: Repainting, profile: sizes.Profile) -> None:
        self._repainting = repainting
        self._profile = profile

    def plan(self, task: tasks.Outpaint) -> tuple[sampler.Step, ...]:
        return self._repainting.plan(task)

    def begin(self, task: tasks.Outpaint, media: tasks.Media) -> list[Painting]:
        image = files.decode(task.image, media)
        where = seen_frame(*image.size, task, self._profile)
        return self._repainting.begin(task, *laid_out(image, where))
