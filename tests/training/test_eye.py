"""How the picture tower of the small CLIP begins, and how its pictures become harder."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engines import bridges

bridges.install()

from tests.training.test_family_export import TINY_CLIP  # noqa: E402
from training import clip, eye, renderer, world  # noqa: E402


def test_a_tower_begins_with_whitened_patches() -> None:
    model = clip.Clip(TINY_CLIP, vocabulary=40)
    pictures = clip.pixels(
        [renderer.render(world.sample_scene(9_200_000 + i, eye.SQUARE)) for i in range(40)], TINY_CLIP.image_px
    )
    layer = eye.embeddings(model.vision).patch_embedding

    def variances() -> torch.Tensor:
        with torch.no_grad():
            return layer(pictures).transpose(0, 1).flatten(1).var(1)

    before = variances()
    eye.begin(model.vision, pictures)
    after = variances()
    assert before.max() / before.min() > 3 * after.max() / after.min()
    # the directions that matter most are of one size; the smallest stay below, so that noise is not blown up
    assert after[:3] == pytest.approx([1.0, 1.0, 1.0], abs=0.05)
    assert after.max() < 1.1


def test_every_place_is_another() -> None:
    told = eye.places(8, 32)
    distances = torch.cdist(told, told) + 10 * torch.eye(len(told))
    assert told.shape == (64, 32)
    assert distances.min() > 0.5


def test_the_first_pictures_are_flat_and_in_the_middle() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        scene = eye.eased(rng, 0.0)
        (thing,) = scene.things
        assert (scene.style, thing.size, thing.place) == ("flat", "medium", None)
        assert (thing.cx, thing.cy, thing.radius) == (64, 64, eye.EASY_RADIUS_PX)


def test_the_last_pictures_are_of_every_style_size_and_place() -> None:
    rng = np.random.default_rng(4)
    scenes = [eye.eased(rng, 1.0) for _ in range(300)]
    assert {scene.style for scene in scenes} == set(world.STYLES)
    assert {scene.things[0].size for scene in scenes} == set(world.SIZES)
    assert max(scene.things[0].cx for scene in scenes) > 85


def test_the_ladder_is_climbed_only_by_who_reads_shapes() -> None:
    ladder = eye.Ladder()
    for _ in range(100):
        ladder.step(eye.SURE - 0.05)
    assert ladder.reach == 0.0
    for _ in range(20 * eye.WINDOW):
        ladder.step(1.0)
    assert ladder.is_climbed
