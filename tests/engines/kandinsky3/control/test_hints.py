"""What control networks are shown of a picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from engines.kandinsky3 import hed
from engines.kandinsky3.control import hints

SIDE = 96
SQUARE = (24, 24, 71, 71)


def page(background: str = "white") -> Image.Image:
    return Image.new("RGB", (SIDE, SIDE), background)


def outlined(background: str, ink: str) -> Image.Image:
    image = page(background)
    ImageDraw.Draw(image).rectangle(SQUARE, outline=ink, width=2)
    return image


def filled(background: str, colour: str) -> Image.Image:
    image = page(background)
    ImageDraw.Draw(image).rectangle(SQUARE, fill=colour)
    return image


@pytest.fixture(scope="module")
def detector() -> hed.HED:
    """One block that answers to differences between neighbours, in either direction of either axis."""
    found = hed.HED(hed.HEDConfig(widths=(4,), depths=(1,)))
    kernels = torch.zeros(4, 3, 3, 3)
    for i, (row, column) in enumerate(((0, 1), (2, 1), (1, 0), (1, 2))):
        kernels[i, :, 1, 1], kernels[i, :, row, column] = 1.0, -1.0
    block = found.blocks[0]
    block.convs[0].weight.data, block.convs[0].bias.data = kernels, torch.zeros(4)
    block.projection.weight.data = torch.full((1, 4, 1, 1), 1 / 32)
    block.projection.bias.data = torch.full((1,), -6.0)
    return found.eval().requires_grad_(False)


def bright(hint: Tensor) -> set[tuple[int, int]]:
    return {(int(x), int(y)) for y, x in (hint[0] > 0.5).nonzero()}


def border_distance(x: int, y: int) -> int:
    left, top, right, bottom = SQUARE
    outside = max(left - x, x - right, top - y, y - bottom, 0)
    inside = min(abs(x - left), abs(x - right), abs(y - top), abs(y - bottom))
    return outside or inside


def test_edges_are_white_on_black_where_colours_meet(detector: hed.HED) -> None:
    hint = hints.edges(filled("navy", "yellow"), detector)
    assert hint.shape == (3, SIDE, SIDE)
    assert torch.equal(hint[0], hint[2])
    inner = {place for place in bright(hint) if min(place) > 0 and max(place) < SIDE - 1}  # the frame meets padding
    assert inner
    assert max(border_distance(*place) for place in inner) <= 1
    assert float(hint[0, 45:50, 45:50].max()) < 0.01


def test_a_depth_map_is_taken_as_it_is() -> None:
    ramp = np.repeat(np.linspace(0, 255, SIDE, dtype=np.uint8)[None], SIDE, axis=0)
    hint = hints.depth(Image.fromarray(ramp).convert("RGB"))
    torch.testing.assert_close(hint, torch.from_numpy(ramp.copy()).float().div(255).expand(3, -1, -1))


@pytest.mark.parametrize(("background", "ink"), [("white", "black"), ("black", "white")])
def test_a_drawing_becomes_white_strokes_on_black(background: str, ink: str) -> None:
    image = outlined(background, ink)
    assert hints.is_drawing(image)
    strokes = bright(hints.drawing(image))
    assert strokes == {(x, y) for y in range(SIDE) for x in range(SIDE) if border_distance(x, y) <= 1 and inside(x, y)}


def inside(x: int, y: int) -> bool:
    left, top, right, bottom = SQUARE
    return left <= x <= right and top <= y <= bottom


def test_what_has_colours_or_greys_is_no_drawing() -> None:
    grey = Image.fromarray(np.random.default_rng(1).integers(0, 256, (SIDE, SIDE), dtype=np.uint8)).convert("RGB")
    assert not hints.is_drawing(filled("white", "red"))
    assert not hints.is_drawing(grey)


def test_a_scribble_is_strokes_of_one_width_along_the_edges(detector: hed.HED) -> None:
    hint = hints.scribble(filled("navy", "yellow"), detector)
    assert set(hint.unique().tolist()) == {0.0, 1.0}
    inner = [place for place in bright(hint) if min(place) > 8 and max(place) < SIDE - 8]
    assert inner
    assert max(border_distance(*place) for place in inner) <= 4
    sides = {(x, 24) for x in range(30, 66)} | {(24, y) for y in range(30, 66)}
    assert len(sides & set(inner)) >= 0.9 * len(sides)
