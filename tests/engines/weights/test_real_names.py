"""Every published file at its real size, without its numbers: from its names, through conversion, into our network.

So the first real download cannot surprise. Names and shapes are those of the official lists, of the fork's extra
parts by its fixtures (names) and by the widths of the official U-Net (shapes), and of `tests.published_names`.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import safetensors
import torch
from torch import Tensor, nn

from engines import checkpoints, errors, golden
from engines.kandinsky3 import hed, image_prompt, image_prompt_files, movq, text, unet
from engines.kandinsky3.control import hint_network, side_network
from engines.kandinsky3.super_resolution import network as super_resolution
from engines.weights import convert, manifest
from tests import published_names

META = torch.device("meta")
BOOK = manifest.load()
Shapes = dict[str, list[int]]
PROJECTION: Shapes = {
    "projection_lin.weight": [4096, 4096],
    "projection_ln.weight": [4096],
    "projection_ln.bias": [4096],
}
WIDTHS = (384, 768, 1536)


def named(fixtures: Path, file: str, prefix: str) -> list[str]:
    """The names of a fixture that begin with a prefix, without it."""
    with safetensors.safe_open(fixtures / f"{file}.safetensors", "pt") as opened:
        return [name.removeprefix(prefix) for name in opened.keys() if name.startswith(prefix)]  # noqa: SIM118


@pytest.fixture(scope="module")
def official(fixtures: Path) -> Shapes:
    listed = json.loads((fixtures / "keys_unet_full.json").read_text("utf-8"))["unet"]
    return {name: shape for name, (_, shape) in listed.items()}


@pytest.fixture(scope="module")
def extras(fixtures: Path, official: Shapes) -> Shapes:
    """The parts for image prompts: names of the fork, widths of the attention that each sits in."""
    shapes: Shapes = {}
    for name in named(fixtures, "ip_adapter", "ip."):
        if name.startswith("image_"):
            heads = {"image_proj.weight": [16384, 768], "image_proj.bias": [16384]}
            shapes[name] = heads.get(name, [4096])
            continue
        attention, _, rest = name.partition("processor.")
        width = official[f"{attention}to_query.weight"][0]
        entering = width if rest.startswith("to_out_ip") else 4096
        shapes[name] = [width, entering] if rest.endswith("weight") else [width]
    return shapes


@pytest.fixture(scope="module")
def hints() -> Shapes:
    """The hint block: 3 to 16, 16, 32, 32, 96, 96, 256, and 192 channels."""
    channels = (3, 16, 16, 32, 32, 96, 96, 256)
    pairs = {f"conv{number}": pair for number, pair in enumerate(itertools.pairwise(channels), start=1)}
    shapes: Shapes = {}
    for name, (entering, leaving) in {**pairs, "out": (256, 192)}.items():
        shapes |= {
            f"input_hint_block.{name}.weight": [leaving, entering, 3, 3],
            f"input_hint_block.{name}.bias": [leaving],
        }
    return shapes


def files(component: str, published: Mapping[str, Sequence[int]]) -> dict[str, Mapping[str, Tensor]]:
    """What conversion makes of a component's file of tensors: meta tensors by path."""
    forms = (manifest.Form.TENSORS, manifest.Form.FORK, manifest.Form.BARE)
    part = next(part for part in BOOK.components[component].parts if part.form in forms)
    tensors = {name: torch.empty(shape, device=META) for name, shape in published.items()}
    return {path: dict(held) for path, held in convert.renamed(tensors, part, part.target(part.pattern)).items()}


def count(shapes: Mapping[str, Sequence[int]]) -> int:
    return sum(math.prod(shape) for shape in shapes.values())


def loaded(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("component", "channels"), [("kandinsky3", 4), ("kandinsky3_flash", 4), ("kandinsky3_inpainting", 9)]
)
def test_a_published_network_fits(official: Shapes, component: str, channels: int) -> None:
    published = {f"unet.{name}": shape for name, shape in official.items()} | {"null_embedding": [4096]}
    published["unet.in_layer.weight"] = [192, channels, 3, 3]
    converted = files(component, published)
    config = unet.UNetConfig(num_channels=channels)
    network = unet.from_original(config, converted[f"{component}.safetensors"], device=META)
    assert loaded(network) == count(published)
    assert count(published) - 4096 == {4: 3_038_562_820, 9: 3_038_571_460}[channels]


def test_the_published_movq_and_projections_fit(fixtures: Path) -> None:
    listed = json.loads((fixtures / "keys_movq_full.json").read_text("utf-8"))["movq"]
    published = {name: shape for name, (_, shape, _) in listed.items()}
    model = movq.from_original(movq.MoVQConfig(), files("movq", published)["movq.safetensors"], device=META)
    assert (len(published), loaded(model)) == (430, 270_603_567)
    projection = {"0.weight": [4096, 4096], "1.weight": [4096], "1.bias": [4096]}
    tensors = {name: torch.empty(shape, device=META) for name, shape in projection.items()}
    assert loaded(text.projection_from_original(tensors, device=META)) == count(projection)


def test_the_image_prompted_network_of_the_fork_fits(official: Shapes, extras: Shapes) -> None:
    published = official | PROJECTION | extras
    assert (len(extras), count(extras)) == (112, 378_991_872)
    assert (len(published), count(published)) == (1068 + 3 + 112, 3_434_340_100)
    converted = files("kandinsky3_ip", published)
    whole = converted["kandinsky3_ip.safetensors"]
    adapter = image_prompt_files.adapter_from_original(image_prompt_files.extras(whole), device=META)
    host = {
        name: tensor for name, tensor in whole.items() if not image_prompt_files.is_extra(name.removeprefix("unet."))
    }
    host["null_embedding"] = torch.empty(4096, device=META)
    network = unet.from_original(unet.UNetConfig(), host, device=META)
    assert image_prompt.Network(network, adapter) is not None
    assert loaded(adapter) + loaded(network) - 4096 == count(official) + count(extras)
    inside = converted["flan_ul2_encoder/projection_ip.safetensors"]
    assert loaded(text.projection_from_original(inside, device=META)) == count(PROJECTION)


def test_the_network_led_by_edges_fits(official: Shapes, hints: Shapes) -> None:
    published = official | PROJECTION | hints
    converted = files("kandinsky3_edges", published)
    network = hint_network.from_original(unet.UNetConfig(), converted["kandinsky3_edges.safetensors"], device=META)
    assert loaded(network) - 4096 == count(official) + count(hints)
    assert set(converted) == {"kandinsky3_edges.safetensors", "flan_ul2_encoder/projection_edges.safetensors"}


@pytest.mark.parametrize("component", ["kandinsky3_depth", "kandinsky3_scribble"])
def test_the_side_networks_fit(official: Shapes, hints: Shapes, component: str) -> None:
    convs = {
        f"convs.{i}.{part}": [w, w, 1, 1][: 4 if part == "weight" else 1]
        for i, w in enumerate(WIDTHS)
        for part in ("weight", "bias")
    }
    heads = ("to_time_embed.", "feature_pooling.", "in_layer.", *(f"down_samples.{level}." for level in range(3)))
    published = {name: shape for name, shape in official.items() if name.startswith(heads)} | hints | convs
    assert count(published) == 469_613_584
    network = side_network.from_original(
        unet.UNetConfig(), files(component, published)[f"{component}.safetensors"], device=META
    )
    assert loaded(network) == count(published)


def test_the_edge_detector_fits() -> None:
    published = published_names.hed()
    detector = hed.from_original(hed.HEDConfig(), files("hed", published)["hed.safetensors"], device=META)
    assert loaded(detector) == count(published)


def test_the_names_of_super_resolution_are_those_of_the_fixture(fixtures: Path) -> None:
    fixture = golden.Fixture.open(fixtures / "super_resolution.safetensors")
    said = fixture.config
    sizes = (said["model_channels"], said["dim_mult"], said["num_resnet_blocks"], said["time_embed_dim"])
    held = {name: list(tensor.shape) for name, tensor in checkpoints.below("sr.", fixture.tensors).items()}
    assert published_names.super_resolution(*sizes) == held


@pytest.mark.parametrize("prefix", ["", "unet."], ids=["bare", "below unet"])
@pytest.mark.parametrize("component", ["kandi_super_res_x2_flash", "kandi_super_res_x4", "kandi_super_res_x2"])
def test_super_resolution_fits(component: str, prefix: str) -> None:
    listed = published_names.super_resolution()
    assert count(listed) == 413_205_251
    published = {f"{prefix}{name}": shape for name, shape in listed.items()}
    converted = files(component, published)[f"{component}.safetensors"]
    assert set(converted) == set(listed)
    built = super_resolution.from_original(super_resolution.Config(), converted, device=META)
    assert loaded(built) == count(listed)


@pytest.mark.parametrize(
    ("old", "new"),
    [("res_block.", "shortcut."), ("resnet_attn_blocks.7.0.", "resnet_attn_blocks.8.0."), ("norm.weight", None)],
    ids=["another word", "a block too many", "a weight less"],
)
def test_a_name_of_super_resolution_that_is_another_is_noticed(old: str, new: str | None) -> None:
    published = published_names.super_resolution()
    taken = {name: shape for name, shape in published.items() if old not in name}
    renamed = {} if new is None else {n.replace(old, new): shape for n, shape in published.items() if old in n}
    assert len(taken) < len(published)
    converted = files("kandi_super_res_x4", taken | renamed)["kandi_super_res_x4.safetensors"]
    with pytest.raises(errors.CheckpointInvalid, match="missing"):
        super_resolution.from_original(super_resolution.Config(), converted, device=META)


def test_a_name_that_is_missing_or_another_is_noticed(official: Shapes) -> None:
    published = {f"unet.{name}": shape for name, shape in official.items()} | {"null_embedding": [4096]}
    published["unet.out_layer.9.bias"] = published.pop("unet.out_layer.2.bias")
    converted = files("kandinsky3", published)["kandinsky3.safetensors"]
    with pytest.raises(errors.CheckpointInvalid, match=r"missing.*unexpected"):
        unet.from_original(unet.UNetConfig(), converted, device=META)
