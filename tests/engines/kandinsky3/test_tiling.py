"""Tiles: what is changed point by point is the same in tiles and whole, whatever the size; seams stay small."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from torch.nn import functional

from engines import catalog, checkpoints, golden
from engines.kandinsky3 import golden as cases
from engines.kandinsky3 import movq, tiling


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@given(height=st.integers(1, 60), width=st.integers(1, 60), side=st.sampled_from([4, 8, 12, 16]))
def test_tiles_of_what_changes_point_by_point_make_the_whole(height: int, width: int, side: int) -> None:
    x = random(1, 2, height, width)
    tiles = tiling.Tiles.of(side, side, overlap=0.25)
    torch.testing.assert_close(tiling.mapped(x, tiles, torch.tanh), torch.tanh(x), atol=1e-6, rtol=0)


@given(height=st.integers(1, 40), width=st.integers(1, 40), overlap=st.sampled_from([0.0, 0.25, 0.5]))
def test_tiles_may_grow_and_shrink(height: int, width: int, overlap: float) -> None:
    x = random(1, 1, height, width)
    grown = tiling.mapped(x, tiling.Tiles.of(8, 32, overlap), lambda tile: functional.interpolate(tile, scale_factor=4))
    torch.testing.assert_close(grown, functional.interpolate(x, scale_factor=4), atol=1e-6, rtol=0)
    if overlap == 0.0:
        shrunk = tiling.mapped(grown, tiling.Tiles.of(32, 8, overlap), lambda tile: tile[..., ::4, ::4])
        torch.testing.assert_close(shrunk, x, atol=1e-6, rtol=0)


def test_neighbours_go_over_into_each_other_linearly() -> None:
    levels = iter([0.0, 1.0])
    mixed = tiling.mapped(torch.zeros(1, 1, 1, 12), tiling.Tiles.of(8, 8, 0.25), lambda tile: tile + next(levels))
    assert mixed[0, 0, 0].tolist() == [0.0] * 6 + [0.0, 0.5] + [1.0] * 4


@pytest.mark.parametrize(("height", "width"), [(1, 1), (6, 6), (7, 12), (13, 30)])
def test_the_number_of_tiles_is_known_beforehand(height: int, width: int) -> None:
    tiles, numbers = tiling.Tiles.of(8, 8, 0.25), itertools.count()
    tiling.mapped(torch.zeros(1, 1, height, width), tiles, lambda tile: tile + next(numbers))
    assert next(numbers) == tiling.passes(height, width, tiles)


def test_what_fits_one_pass_is_not_cut(fixtures: Path) -> None:
    fixture = golden.Fixture.open(fixtures / "movq.safetensors")
    model = cases.build_movq(fixture)
    assert torch.equal(tiling.decode(model, fixture["in.latent2"]), model.decode(fixture["in.latent2"]))
    assert torch.equal(tiling.encode(model, fixture["in.image"]), model.encode(fixture["in.image"]))


def test_the_published_tiles_of_the_movq_are_those_of_the_original() -> None:
    assert tiling.Tiles(side=1024, stride=1024, blend=0, kept=128) == tiling.ENCODE
    assert tiling.Tiles(side=128, stride=96, blend=256, kept=768) == tiling.DECODE
    assert tiling.WHOLE_PX == 1024 * 1024


@torch.inference_mode()
def test_tiles_of_the_miniature_movq_meet_without_a_seam() -> None:
    path = checkpoints.Layout.at(catalog.MINI_WEIGHTS).find("movq")
    model = movq.load(path, torch.device("cpu"), torch.float32)
    image = Image.new("RGB", (192, 128), "teal")
    ImageDraw.Draw(image).ellipse((50, 20, 150, 110), fill="gold")
    latents = model.encode(torch.from_numpy(np.array(image, dtype=np.float32) / 127.5 - 1).movedim(-1, 0)[None])
    seam_px = 96
    whole = model.decode(latents)
    blended = tiling.mapped(latents, tiling.Tiles(side=16, stride=12, blend=32, kept=96), model.decode)
    butted = tiling.mapped(latents, tiling.Tiles(side=12, stride=12, blend=0, kept=96), model.decode)

    def jump(picture: torch.Tensor) -> float:
        """How much steeper than in the whole picture the step over the seam is, in levels of 255."""
        steps = [(one[..., seam_px] - one[..., seam_px - 1]).abs().mean() for one in (picture, whole)]
        return float(steps[0] - steps[1]) * 127.5

    assert blended.shape == whole.shape
    assert jump(blended) < 1 < jump(butted)
