"""What fits which card: the plan's sizes against the networks, and its shelf against arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from engines import bridges, devices, memory_plan, residency
from engines.kandinsky3 import four_bit, hed, movq, text, unet
from engines.kandinsky3.control import hint_block, side_network
from engines.kandinsky3.super_resolution import network as super_resolution

GB = 10**9
BASE = unet.UNetConfig()


def t5() -> nn.Module:
    """FLAN-UL2's encoder (kandinsky3 facts, section 3.1)."""
    bridges.install()
    import transformers

    config = transformers.T5Config(
        d_model=4096,
        d_kv=256,
        num_heads=16,
        num_layers=32,
        d_ff=16384,
        vocab_size=32128,
        dense_act_fn="silu",
        is_gated_act=True,
    )
    model: nn.Module = transformers.T5EncoderModel(config)
    return model


def vision() -> nn.Module:
    """CLIP ViT-L/14's vision tower with its projection."""
    import transformers

    config = transformers.CLIPVisionConfig(
        hidden_size=1024,
        intermediate_size=4096,
        num_hidden_layers=24,
        num_attention_heads=16,
        patch_size=14,
        projection_dim=768,
    )
    model: nn.Module = transformers.CLIPVisionModelWithProjection(config)
    return model


def decoder_22(channels: int, addition: str = "image") -> nn.Module:
    """A U-Net of Kandinsky 2.2 as its `config.json` has it."""
    bridges.install()
    import diffusers

    model: nn.Module = diffusers.UNet2DConditionModel(
        in_channels=channels, out_channels=8, block_out_channels=(384, 768, 1152, 1536), layers_per_block=3,
        attention_head_dim=64, cross_attention_dim=768, encoder_hid_dim=1280, encoder_hid_dim_type="image_proj",
        addition_embed_type=addition, resnet_time_scale_shift="scale_shift",
        down_block_types=("ResnetDownsampleBlock2D", *["SimpleCrossAttnDownBlock2D"] * 3),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=(*["SimpleCrossAttnUpBlock2D"] * 3, "ResnetUpsampleBlock2D"),
    )  # fmt: skip
    return model


def parameters(made: Callable[[], nn.Module]) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in made().parameters())


@pytest.mark.parametrize(
    ("name", "made", "item_bytes"),
    [
        ("text encoder", t5, 2),
        ("projection", lambda: text.Projection(4096, 4096), 4),
        ("base u-net", lambda: unet.Network(BASE), 2),
        ("inpainting u-net", lambda: unet.Network(unet.UNetConfig(num_channels=9)), 2),
        ("hed", lambda: hed.HED(hed.HEDConfig()), 4),
        ("side network", lambda: side_network.SideEncoder(BASE), 2),
        ("super-resolution", lambda: super_resolution.Network(super_resolution.Config()), 2),
        ("movq", lambda: movq.MoVQ(movq.MoVQConfig()), 2),
        ("image encoder", vision, 2),
        ("2.2 decoder", lambda: decoder_22(4), 2),
        ("2.2 inpainting decoder", lambda: decoder_22(9), 2),
        ("2.2 depth decoder", lambda: decoder_22(8, "image_hint"), 2),
    ],
)
def test_sizes_are_those_of_the_networks_at_real_size(
    name: str, made: Callable[[], nn.Module], item_bytes: int
) -> None:
    assert memory_plan.BYTES[name] == parameters(made) * item_bytes


def test_an_edge_network_is_the_base_and_its_hint_block() -> None:
    hints = parameters(lambda: hint_block.HintBlock(BASE.init_channels))
    assert memory_plan.BYTES["edges u-net"] == memory_plan.BYTES["base u-net"] + 2 * hints


def test_the_encoder_in_four_bits_has_the_size_that_its_names_give() -> None:
    with torch.device("meta"):
        named = {name: tuple(parameter.shape) for name, parameter in t5().named_parameters()}
    matrices = sum(torch.Size(shape).numel() for name, shape in named.items() if four_bit.is_matrix(name))
    assert matrices == memory_plan.ENCODER_MATRICES
    assert 4.8 * GB < memory_plan.FOUR_BIT_ENCODER_BYTES < 4.9 * GB


def test_the_real_family_on_the_cards_that_people_have() -> None:
    small, medium, large = (memory_plan.plan(total * GB) for total in (24, 48, 80))
    assert all(plan.fits and plan.encoder_bits == 16 for plan in (small, medium, large))
    assert all(row.moved_bytes == 0 for plan in (medium, large) for row in plan.rows)
    moved = {row.kind: row.moved_bytes for row in small.rows}
    assert moved["text_to_image"] > 23 * GB  # the encoder and the network take turns
    assert moved["upscale x4"] == 0
    assert all(row.moved_bytes == 0 for row in memory_plan.plan(24 * GB, bits=4).rows)


def test_a_smaller_card_gets_four_bits_and_a_tiny_one_does_not_paint() -> None:
    assert memory_plan.plan(12 * GB).encoder_bits == 4
    assert memory_plan.plan(12 * GB).fits
    assert not memory_plan.plan(12 * GB).decodes_beside_weights
    assert not memory_plan.plan(8 * GB).fits


@given(st.integers(6, 100))
def test_no_card_holds_more_than_its_budget_and_what_moves_is_what_left(total_gb: int) -> None:
    plan = memory_plan.plan(total_gb * GB)
    assert plan.budget_bytes == devices.CUDA(0, total_gb * GB).budget_bytes
    for row in plan.rows:
        needed = {name for together in memory_plan.later(row.kind) for name in together}
        assert row.together_bytes <= plan.budget_bytes
        if row.fits:
            assert (row.moved_bytes == 0) == (set(row.residents) >= needed)


def test_the_plan_leases_as_the_pool_does() -> None:
    shelf = residency.Shelf(budget_bytes=10)
    sizes = {"encoder": 8, "network": 6, "movq": 1}
    stages = (("encoder",), ("network", "movq"), ("movq",))
    row = memory_plan.row("paint", (stages, stages), sizes, shelf.budget_bytes)
    assert row == memory_plan.Row("paint", True, 9, 15, ("network", "movq"))
    together = (("encoder", "network"),)
    assert not memory_plan.row("paint", (together, together), sizes, 10).fits


def test_what_is_remembered_is_not_moved_again() -> None:
    sizes = {"encoder": 8, "network": 6}
    first, second = (("encoder",), ("network",)), (("network",),)
    assert memory_plan.row("paint", (first, second), sizes, 10) == memory_plan.Row("paint", True, 8, 0, ("network",))


def test_a_card_that_holds_the_encoder_but_no_projection_beside_it_gets_four_bits() -> None:
    encoder, projection = (memory_plan.BYTES[name] for name in ("text encoder", "projection"))
    assert memory_plan.encoder_bits(encoder + projection) == 16
    assert memory_plan.encoder_bits(encoder + projection - 1) == 4
