"""Side networks lead a base that nobody touches, and their hints are what the engine will show them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from engines import bridges

bridges.install()

from engines import tasks  # noqa: E402
from engines.kandinsky3 import unet  # noqa: E402
from engines.kandinsky3.control import side_network  # noqa: E402
from tests.training.test_family_export import MASK, TIMES, contexts, shaken  # noqa: E402
from tests.training.test_recipes import TINY_UNET  # noqa: E402
from training import base, depths, family_export, lessons, renderer, side, world  # noqa: E402

CPU = torch.device("cpu")
SQUARE = (128, 128)
ROWS = MASK.sum(1) + 1


def steered() -> side.Steered:
    return side.Steered(shaken(base.Painter(TINY_UNET)), TINY_UNET)


def heard(made: side.Steered) -> torch.Tensor:
    """Contexts in the fork's dialect."""
    return lessons.fork_context(made.painter, torch.randn(2, 4, 8), MASK)


def test_only_the_side_network_learns() -> None:
    made = steered()
    assert {name.split(".")[0] for name, one in made.named_parameters() if one.requires_grad} == {"side"}
    found = made(torch.randn(2, 4, 8, 8), TIMES, heard(made), MASK, ROWS, torch.rand(2, 3, 64, 64))
    found.square().mean().backward()
    silent = [name for name, one in made.side.named_parameters() if one.grad is None or not one.grad.abs().sum()]
    assert not silent  # every level hears its gradient from the first step on


@torch.no_grad()
def test_a_new_side_network_hardly_changes_what_the_base_paints() -> None:
    made = steered().eval()
    noisy, rows = torch.randn(2, 4, 8, 8), heard(made)
    plain = made.base(noisy, TIMES.tolist(), contexts(MASK, rows))
    found = made(noisy, TIMES, rows, MASK, ROWS, torch.zeros(2, 3, 64, 64))
    assert 0 < float((found - plain).norm() / plain.norm()) < 0.3


@torch.no_grad()
@pytest.mark.parametrize("control", [tasks.Control.DEPTH, tasks.Control.SCRIBBLE])
def test_an_exported_side_network_leads_as_the_trained_one(tmp_path: Path, control: tasks.Control) -> None:
    made = steered()
    shaken(made.side).half().float()  # what is stored, exactly
    family_export.write_side(made.side, TINY_UNET, control, tmp_path)
    loaded = side_network.load(tmp_path / f"kandinsky3_{control}.safetensors", CPU, torch.float32)
    predictor = side_network.SideNetwork(made.base, loaded)
    noisy, rows, hints = torch.randn(2, 4, 8, 8), heard(made), torch.rand(2, 3, 64, 64)
    conditions = [unet.Condition(hint=hint) for hint in hints]
    found = predictor(noisy, TIMES.tolist(), contexts(MASK, rows), conditions)
    assert torch.allclose(found, made(noisy, TIMES, rows, MASK, ROWS, hints), atol=1e-4)
    assert not torch.allclose(found, made(noisy, TIMES, rows, MASK, ROWS, torch.zeros_like(hints)), atol=1e-3)


@torch.no_grad()
def test_words_that_are_silent_zeros_are_those_of_the_engine() -> None:
    made = steered()
    noisy, hints = torch.randn(2, 4, 8, 8), torch.rand(2, 3, 64, 64)
    rows, mask = lessons.silenced(heard(made), MASK, torch.tensor([True, False]))
    said = contexts(MASK, rows)
    unsaid = [unet.silent(said[0]), said[1]]
    conditions = [unet.Condition(hint=hint) for hint in hints]
    found = side_network.SideNetwork(made.base, made.side)(noisy, TIMES.tolist(), unsaid, conditions)
    assert torch.allclose(found, made(noisy, TIMES, rows, mask, ROWS, hints), atol=1e-4)


def test_what_lies_on_top_is_nearer() -> None:
    rng = np.random.default_rng(0)
    scenes = [world.sample_scene(9_500_000 + i, SQUARE) for i in range(60)]
    for scene in scenes:
        found = depths.depth(scene, rng)
        covers = [renderer.coverage(scene, thing) > 0.99 for thing in scene.things]
        free = ~np.any([renderer.coverage(scene, thing) > 0 for thing in scene.things], axis=0)
        assert found.shape == (128, 128)
        assert found.dtype == np.float32
        assert found.min() >= 0
        assert found.max() <= 1
        for cover in covers:
            assert np.median(found[cover]) > np.median(found[free])
        if scene.relation == "inside":
            inner, outer = covers
            assert np.median(found[inner]) > np.median(found[outer & ~inner]) + 0.1


def test_drawings_are_strokes_along_the_edges() -> None:
    scene = world.sample_scene(9_500_100, SQUARE)
    edges = np.zeros((6, 128, 128), np.uint8)
    edges[:, 40, 30:90] = edges[:, 41, 30:90] = 255
    drawn = side.drawings([scene] * 6, {"hint": edges}, np.random.default_rng(1))
    assert drawn.shape == (6, 3, 128, 128)
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    assert bool((drawn[:, :, 40, 40:80] == 1).all())
    assert float(drawn[:, :, 60:].sum()) == 0
    assert len({float(row.sum()) for row in drawn}) > 1  # of more than one width


def test_depth_is_drawn_anew_for_every_batch() -> None:
    scene = world.sample_scene(9_500_200, SQUARE)
    rng = np.random.default_rng(2)
    one, two = (side.depth_maps([scene], {}, rng) for _ in range(2))
    assert one.shape == (1, 3, 128, 128)
    assert not torch.equal(one, two)
