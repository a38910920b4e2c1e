"""Previews of any picture, however thin."""

from __future__ import annotations

import io

import pytest
import torch
from PIL import Image

from engines import catalog, sizes
from engines.kandinsky3 import movq, previews


@pytest.fixture(scope="module")
def decoder() -> movq.MoVQ:
    return movq.load(catalog.MINI_WEIGHTS / "movq.safetensors", torch.device("cpu"), torch.float32)


@pytest.mark.parametrize("count", range(1, 5))
@pytest.mark.parametrize("size", [sizes.Size(1, 192, 128, 192), sizes.Size(192, 1, 192, 128)])
def test_a_thread_of_pixels_is_shown_beside_its_sisters(decoder: movq.MoVQ, size: sizes.Size, count: int) -> None:
    estimate = torch.zeros(4, size.canvas_height_px // movq.FACTOR, size.canvas_width_px // movq.FACTOR)
    (sheet,) = previews.jpegs(decoder, [[previews.Sketch(estimate, size)] * count])
    with Image.open(io.BytesIO(sheet)) as shown:
        assert min(shown.size) >= 1
        assert max(shown.size) <= previews.SIDE * movq.FACTOR
