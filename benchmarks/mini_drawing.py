"""Pictures to give to the miniature family, drawn from the silhouettes that the judge knows shapes by.

Shares no code with the training renderer: colours are everyday ones, shapes are inequalities.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from benchmarks import mini_eye

SIDE_PX: Final = 128
SHARPNESS: Final = 4  # cells a pixel and side
# Width and height of a shape's bounding box, of its longer side.
_BOXES: Final = {"triangle": (1.0, 0.9), "diamond": (0.74, 1.0), "star": (1.0, 0.95), "heart": (1.0, 0.9)}


@dataclass(frozen=True, slots=True)
class Thing:
    """An object: `x`, `y` its centre and `size` the longer side of its bounding box, as fractions of the picture."""

    colour: str
    shape: str
    x: float = 0.5
    y: float = 0.5
    size: float = 0.42


@dataclass(frozen=True, slots=True)
class Drawing:
    """A flat picture: things on a background."""

    background: str
    things: tuple[Thing, ...]

    def pixels(self, side_px: int = SIDE_PX) -> np.ndarray:
        """uint8 [side_px, side_px, 3], antialiased."""
        cells = side_px * SHARPNESS
        canvas = np.empty((cells, cells, 3), np.float32)
        canvas[:] = mini_eye.REFERENCE[self.background]
        for thing in self.things:
            _lay(canvas, thing)
        blocks = canvas.reshape(side_px, SHARPNESS, side_px, SHARPNESS, 3)
        averaged: np.ndarray = np.rint(blocks.mean((1, 3))).astype(np.uint8)
        return averaged

    def png(self, side_px: int = SIDE_PX) -> bytes:
        """The picture as a file."""
        return to_png(self.pixels(side_px))


def single(dice: random.Random, *, size: tuple[float, float] = (0.36, 0.5)) -> Drawing:
    """One object near the middle, everything drawn evenly."""
    colour, background = dice.sample(list(mini_eye.REFERENCE), 2)
    shape = dice.choice(list(mini_eye.SILHOUETTES))
    x, y = (0.5 + dice.uniform(-0.06, 0.06) for _ in range(2))
    return Drawing(background, (Thing(colour, shape, x, y, dice.uniform(*size)),))


def couple(dice: random.Random) -> Drawing:
    """Two objects of different colours side by side."""
    one, two, background = dice.sample(list(mini_eye.REFERENCE), 3)
    shapes = [dice.choice(list(mini_eye.SILHOUETTES)) for _ in range(2)]
    things = (
        Thing(one, shapes[0], 0.27, 0.5 + dice.uniform(-0.03, 0.03), dice.uniform(0.28, 0.33)),
        Thing(two, shapes[1], 0.73, 0.5 + dice.uniform(-0.03, 0.03), dice.uniform(0.28, 0.33)),
    )
    return Drawing(background, things)


def depth(drawing: Drawing) -> np.ndarray:
    """Its depth map, uint8 [side_px, side_px, 3]: things are nearer than the ground."""
    return Drawing("black", tuple(replace(thing, colour="white") for thing in drawing.things)).pixels()


def lines(drawing: Drawing) -> np.ndarray:
    """A line drawing of its rims, black on white, uint8 [side_px, side_px, 3]."""
    inside = Image.fromarray(depth(drawing))
    rims = ImageChops.difference(inside.filter(ImageFilter.MaxFilter(3)), inside.filter(ImageFilter.MinFilter(3)))
    return np.asarray(ImageChops.invert(rims))


def around(things: Sequence[Thing], side_px: int = SIDE_PX, margin: float = 0.05) -> np.ndarray:
    """A mask bool [side_px, side_px]: the bounding squares of things with a margin on each side."""
    mask = np.zeros((side_px, side_px), bool)
    for thing in things:
        reach = thing.size / 2 + margin
        top, bottom, left, right = (
            round(min(1.0, max(0.0, at)) * side_px)
            for at in (thing.y - reach, thing.y + reach, thing.x - reach, thing.x + reach)
        )
        mask[top:bottom, left:right] = True
    return mask


def to_png(pixels: np.ndarray) -> bytes:
    """A picture or a mask (True is white) as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8) * 255 if pixels.dtype == bool else pixels).save(buffer, "PNG")
    return buffer.getvalue()


def from_file(data: bytes) -> np.ndarray:
    """uint8 [h, w, 3] of a picture file."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def _lay(canvas: np.ndarray, thing: Thing) -> None:
    """Paint a thing on a canvas of cells."""
    cells = len(canvas)
    across, down = (max(1, round(share * thing.size * cells)) for share in _BOXES.get(thing.shape, (1.0, 1.0)))
    shape = mini_eye.silhouettes(max(across, down))[thing.shape]
    fitted = shape[np.arange(down) * len(shape) // down][:, np.arange(across) * len(shape) // across]
    top, left = round(thing.y * cells - down / 2), round(thing.x * cells - across / 2)
    part = canvas[max(0, top) : top + down, max(0, left) : left + across]
    inside = fitted[max(0, -top) :, max(0, -left) :][: part.shape[0], : part.shape[1]]
    part[inside] = mini_eye.REFERENCE[thing.colour]
