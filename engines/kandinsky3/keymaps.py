"""Names of weights in the original checkpoints and in the stock diffusers classes, both ways.

Original: ai-forever/Kandinsky-3 (`model/unet.py`, `movq.py`). Stock: diffusers `Kandinsky3UNet` and `VQModel`.
Everything here is a pure function over names and tensors; a state dict maps a name to a tensor. Tensors are never
copied: attention matrices of MoVQ become views. Optional prefixes (`unet.`) are the caller's to add or remove.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

# (original, stock); each pair is an anchored prefix or a name between dots, and no name meets two pairs of a group.
_UNET_HEADS = (
    ("to_time_embed.1.", "time_embedding.linear_1."),
    ("to_time_embed.3.", "time_embedding.linear_2."),
    ("feature_pooling.", "add_time_condition."),
    ("in_layer.", "conv_in."),
    ("out_layer.0.", "conv_norm_out."),
    ("out_layer.2.", "conv_out."),
    ("projection_lin.", "encoder_hid_proj.projection_linear."),
    ("projection_ln.", "encoder_hid_proj.projection_norm."),
    ("down_samples.", "down_blocks."),
    ("up_samples.", "up_blocks."),
)
_UNET_ATTENTION = (
    (".attention.to_query.", ".attention.to_q."),
    (".attention.to_key.", ".attention.to_k."),
    (".attention.to_value.", ".attention.to_v."),
    (".attention.output_layer.", ".attention.to_out.0."),
)
_PROJECTION = (
    ("0.weight", "projection_linear.weight"),
    ("1.weight", "projection_norm.weight"),
    ("1.bias", "projection_norm.bias"),
)
_MOVQ_BLOCKS = (
    (".block.", ".resnets."),
    (".attn.", ".attentions."),
    (".downsample.conv.", ".downsamplers.0.conv."),
    (".upsample.conv.", ".upsamplers.0.conv."),
    (".mid.block_1.", ".mid_block.resnets.0."),
    (".mid.attn_1.", ".mid_block.attentions.0."),
    (".mid.block_2.", ".mid_block.resnets.1."),
    (".nin_shortcut.", ".conv_shortcut."),
    (".norm_out.", ".conv_norm_out."),
)
_MOVQ_ATTENTION = ((".q.", ".to_q."), (".k.", ".to_k."), (".v.", ".to_v."), (".proj_out.", ".to_out.0."))
_MOVQ_MATRIX = re.compile(r"\.attentions\.\d+\.to_(q|k|v|out\.0)\.weight$")
_MOVQ_CODEBOOK = "quantize."


def unet_name_to_stock(name: str) -> str:
    """The name in `Kandinsky3UNet` of a weight of the original U-Net."""
    name = _swap_head(name, _UNET_HEADS)
    name = name.replace(".self_attention_block.", ".attentions.0.")
    name = re.sub(r"\.resnet_attn_blocks\.(\d+)\.0\.", r".resnets_in.\1.", name)
    name = re.sub(r"\.resnet_attn_blocks\.(\d+)\.1\.", lambda m: f".attentions.{int(m[1]) + 1}.", name)
    name = re.sub(r"\.resnet_attn_blocks\.(\d+)\.2\.", r".resnets_out.\1.", name)
    return _swap_parts("." + name, _UNET_ATTENTION)[1:]


def unet_name_to_original(name: str) -> str:
    """The name in the original U-Net of a weight of `Kandinsky3UNet`."""
    name = _swap_head(name, _reversed(_UNET_HEADS))
    name = name.replace(".attentions.0.", ".self_attention_block.")
    name = re.sub(r"\.resnets_in\.(\d+)\.", r".resnet_attn_blocks.\1.0.", name)
    name = re.sub(r"\.attentions\.(\d+)\.", lambda m: f".resnet_attn_blocks.{int(m[1]) - 1}.1.", name)
    name = re.sub(r"\.resnets_out\.(\d+)\.", r".resnet_attn_blocks.\1.2.", name)
    return _swap_parts("." + name, _reversed(_UNET_ATTENTION))[1:]


def unet_to_stock(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The original U-Net's state dict under stock names."""
    return {unet_name_to_stock(name): tensor for name, tensor in state.items()}


def unet_to_original(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A stock U-Net's state dict under original names.

    The projection of the text (`encoder_hid_proj.`) is left out: the original keeps it in a file beside the encoder.
    """
    return {
        unet_name_to_original(name): tensor
        for name, tensor in state.items()
        if not name.startswith("encoder_hid_proj.")
    }


def projection_to_stock(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of a `projection*.pt` under the names of `Kandinsky3UNet.encoder_hid_proj`."""
    names = dict(_PROJECTION)
    return {names.get(name, name): tensor for name, tensor in state.items()}


def projection_to_original(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of `Kandinsky3UNet.encoder_hid_proj` under the names of a `projection*.pt`."""
    names = dict(_reversed(_PROJECTION))
    return {names.get(name, name): tensor for name, tensor in state.items()}


def movq_name_to_stock(name: str, levels: int) -> str:
    """The name in `VQModel` of a weight of the original MoVQ with `levels` resolutions (the length of `ch_mult`)."""
    name = re.sub(r"^encoder\.down\.(\d+)\.", r"encoder.down_blocks.\1.", name)
    name = re.sub(r"^decoder\.up\.(\d+)\.", lambda m: f"decoder.up_blocks.{levels - 1 - int(m[1])}.", name)
    name = _swap_parts(name, _MOVQ_BLOCKS)
    if ".attentions." in name:
        name = _swap_parts(name, _MOVQ_ATTENTION)
        name = name.replace(".norm.", ".spatial_norm." if name.startswith("decoder.") else ".group_norm.")
    if name.startswith("encoder."):
        name = name.replace(".norm_layer.", ".")
    return name


def movq_name_to_original(name: str, levels: int) -> str:
    """The name in the original MoVQ of a weight of `VQModel` with `levels` resolutions."""
    if name.startswith("encoder."):
        name = re.sub(r"\.(group_norm|norm1|norm2|conv_norm_out)\.(weight|bias)$", r".\1.norm_layer.\2", name)
    if ".attentions." in name:
        name = _swap_parts(name, _reversed(_MOVQ_ATTENTION))
        name = name.replace(".spatial_norm.", ".norm.").replace(".group_norm.", ".norm.")
    # mid blocks come first: `.mid_block.resnets.0.` contains the `.resnets.` of ordinary levels
    mid_first = sorted(_reversed(_MOVQ_BLOCKS), key=lambda pair: ".mid_block." not in pair[0])
    name = _swap_parts(name, mid_first)
    name = re.sub(r"^encoder\.down_blocks\.(\d+)\.", r"encoder.down.\1.", name)
    return re.sub(r"^decoder\.up_blocks\.(\d+)\.", lambda m: f"decoder.up.{levels - 1 - int(m[1])}.", name)


def movq_to_stock(state: Mapping[str, Tensor], levels: int) -> dict[str, Tensor]:
    """The original MoVQ's state dict under stock names, 1x1 convolutions of attention as matrices.

    The stock codebook (`quantize.embedding.weight`) is not in it: no quantising happens at inference.
    """
    stock: dict[str, Tensor] = {}
    for original, tensor in state.items():
        name = movq_name_to_stock(original, levels)
        stock[name] = tensor[:, :, 0, 0] if _MOVQ_MATRIX.search(name) and tensor.ndim == 4 else tensor
    return stock


def movq_to_original(state: Mapping[str, Tensor], levels: int) -> dict[str, Tensor]:
    """A stock MoVQ's state dict under original names, attention matrices as 1x1 convolutions, without a codebook."""
    return {
        movq_name_to_original(name, levels): tensor[:, :, None, None] if _MOVQ_MATRIX.search(name) else tensor
        for name, tensor in state.items()
        if not name.startswith(_MOVQ_CODEBOOK)
    }


def _reversed(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((stock, original) for original, stock in pairs)


def _swap_head(name: str, pairs: Iterable[tuple[str, str]]) -> str:
    for old, new in pairs:
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name


def _swap_parts(name: str, pairs: Iterable[tuple[str, str]]) -> str:
    for old, new in pairs:
        name = name.replace(old, new)
    return name
