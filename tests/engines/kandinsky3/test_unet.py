"""U-Nets that the stock class has no parameters for."""

from __future__ import annotations

import pytest
import torch

from engines import errors
from engines.kandinsky3 import keymaps, unet

SIZES = {
    "model_channels": 16,
    "init_channels": 12,
    "time_embed_dim": 16,
    "context_dim": 8,
    "groups": 4,
    "head_dim": 4,
    "expansion_ratio": 2,
    "compression_ratio": 4,
    "dim_mult": (1, 2, 3),
    "num_blocks": (2, 3, 4),
    "add_cross_attention": (True, False, True),
    "add_self_attention": (False, True, True),
}


def test_each_level_has_the_blocks_and_attentions_of_its_configuration() -> None:
    network = unet.Network(unet.UNetConfig(**SIZES)).eval()
    names = keymaps.unet_to_original(network.unet.state_dict())
    for level, (blocks, cross, own) in enumerate(
        zip(SIZES["num_blocks"], SIZES["add_cross_attention"], SIZES["add_self_attention"], strict=True)
    ):
        for here in (f"down_samples.{level}.", f"up_samples.{2 - level}."):
            found = [name.removeprefix(here) for name in names if name.startswith(here)]
            assert {name.split(".")[1] for name in found if name.startswith("resnet_attn_blocks.")} == {
                str(block) for block in range(blocks)
            }
            assert any(name.startswith("resnet_attn_blocks.0.1.") for name in found) == cross
            assert any(name.startswith("self_attention_block.") for name in found) == own
    said = unet.Context(torch.ones(3, 8), torch.ones(3, dtype=torch.bool))
    with torch.no_grad():
        assert network(torch.ones(1, 4, 8, 4), [500], [said]).shape == (1, 4, 8, 4)


def test_flags_for_other_levels_than_there_are_make_no_network() -> None:
    with pytest.raises(errors.CheckpointInvalid, match="cannot be built"):
        unet.Network(unet.UNetConfig(**SIZES | {"num_blocks": (2, 2, 2, 2)}))
