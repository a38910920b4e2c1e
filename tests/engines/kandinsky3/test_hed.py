"""The edge detector: the public file's names, what it sees, and what it makes of a picture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engines import errors
from engines.kandinsky3 import hed
from tests import published_names

CPU = torch.device("cpu")
SMALL = hed.HEDConfig(widths=(4, 6, 8), depths=(1, 2, 1))


@pytest.fixture(scope="module")
def small() -> hed.HED:
    torch.manual_seed(0)
    return hed.HED(SMALL).eval().requires_grad_(False)


def test_the_default_sizes_are_those_of_the_public_weights() -> None:
    with torch.device("meta"):
        weights = hed.HED(hed.HEDConfig()).state_dict()
    assert {name: list(tensor.shape) for name, tensor in weights.items()} == published_names.hed()
    assert sum(tensor.numel() for tensor in weights.values()) == 14_716_168


@settings(max_examples=15, deadline=None)
@given(height=st.integers(4, 33), width=st.integers(4, 33))
def test_edges_have_the_size_of_the_picture_and_are_probabilities(small: hed.HED, height: int, width: int) -> None:
    edges = small(torch.rand(2, 3, height, width))
    assert edges.shape == (2, 1, height, width)
    assert 0 <= float(edges.min()) <= float(edges.max()) <= 1


def test_a_picture_has_the_same_edges_alone_and_among_others(small: hed.HED) -> None:
    pictures = torch.rand(3, 3, 16, 24)
    torch.testing.assert_close(small(pictures)[1:2], small(pictures[1:2]), atol=1e-5, rtol=0)


def test_the_network_sees_red_green_blue_from_0_to_255_around_its_norm() -> None:
    """A picture of one colour equal to the norm looks like nothing: the side outputs are the projections' biases."""
    torch.manual_seed(1)
    detector = hed.HED(hed.HEDConfig(widths=(4,), depths=(1,)))
    detector.norm.data = torch.tensor([255.0, 102.0, 51.0]).reshape(1, 3, 1, 1)
    block = detector.blocks[0]
    block.convs[0].bias.data.zero_()
    colour = torch.tensor([1.0, 0.4, 0.2]).reshape(1, 3, 1, 1).expand(1, 3, 8, 8)
    (side,) = detector.logits(colour)
    torch.testing.assert_close(side, block.projection.bias.reshape(1, 1, 1, 1).expand_as(side), atol=1e-4, rtol=0)
    assert (detector.logits(colour.flip(1))[0] - side).abs().max() > 1


def test_each_block_halves_what_the_one_before_saw(small: hed.HED) -> None:
    sides = small.logits(torch.rand(1, 3, 32, 16))
    assert [tuple(side.shape[-2:]) for side in sides] == [(32, 16), (16, 8), (8, 4)]


def test_a_file_gives_its_detector_and_a_wrong_one_is_refused(small: hed.HED, tmp_path: Path) -> None:
    config = json.dumps({"widths": SMALL.widths, "depths": SMALL.depths})
    safetensors.torch.save_file(small.state_dict(), tmp_path / "hed.safetensors", metadata={"config": config})
    torch.save(small.state_dict(), tmp_path / "hed.pt")
    picture = torch.rand(1, 3, 16, 16)
    again = hed.load(tmp_path / "hed.safetensors", CPU, torch.float32)
    assert torch.equal(again(picture), small(picture))
    with pytest.raises(errors.CheckpointInvalid, match=r"hed\.pt does not fit"):
        hed.load(tmp_path / "hed.pt", CPU, torch.float32)  # a pickle has the public sizes
