"""Files of an image prompt: `kandinsky3_ip`, slim or complete.

- slim: the 112 extra tensors alone, `ip.<name of the fork>`. They ride on the base U-Net, which is in memory for text
  to image anyway, and use its projection of the text.
- complete: the fork's whole U-Net, `unet.<name of the fork>`, with the extra tensors and, unless it lies in a file of
  its own, the text's projection inside. Metadata `config` holds the sizes of the U-Net.
Either way the extra part is a component of its own. Its sizes are read from the shapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from engines import checkpoints, errors
from engines.kandinsky3 import fork_projection, image_prompt, keymaps, unet

CPU = torch.device("cpu")
SLIM, COMPLETE = "ip.", "unet."
_INSIDE = ".processor."
_LAYER_NAMES = {"to_key": "to_key_ip", "to_value": "to_v_ip", "to_out": "to_out_ip"}  # ours: the fork's
_HEADS = ("image_proj.", "image_norm.")


def is_complete(path: Path) -> bool:
    """Whether a file holds a whole U-Net and not the extra tensors alone. Raises CheckpointError."""
    return unet.is_whole(checkpoints.read(path).tensors)


def load_adapter(path: Path, device: torch.device, dtype: torch.dtype) -> image_prompt.Adapter:
    """The extra part of a slim or complete file. Raises CheckpointMissing, CheckpointInvalid."""
    return adapter_from_original(extras(checkpoints.read(path).tensors), path.name, device, dtype)


def load_host(path: Path, device: torch.device, dtype: torch.dtype) -> unet.Network:
    """The U-Net of a complete file, without the extra part. Raises CheckpointMissing, CheckpointInvalid."""
    content = checkpoints.read(path)
    config = unet.UNetConfig.parse(content.metadata.get("config"))
    plain = {
        name: tensor
        for name, tensor in content.tensors.items()
        if not is_extra(name.removeprefix(COMPLETE)) and not name.startswith(fork_projection.INSIDE)
    }
    # the fork has no null embedding: its contexts without a prompt are silent zeros
    plain["null_embedding"] = torch.zeros(config.context_dim)
    return unet.from_original(config, plain, path.name, device, dtype)


def adapter_bytes(path: Path, item_bytes: int) -> int:
    """What the extra part takes with `item_bytes` a number. Raises CheckpointError."""
    return sum(tensor.numel() for tensor in extras(checkpoints.read(path).tensors).values()) * item_bytes


def extras(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The extra tensors of a slim or complete file under the fork's own names."""
    bare = checkpoints.below(SLIM, tensors) or checkpoints.below(COMPLETE, tensors)
    return {name: tensor for name, tensor in bare.items() if is_extra(name)}


def is_extra(name: str) -> bool:
    """Whether a weight of the fork's U-Net belongs to the image prompt."""
    return name.startswith(_HEADS) or _INSIDE in name


def adapter_from_original(
    tensors: Mapping[str, Tensor],
    source: str = "image prompt",
    device: torch.device = CPU,
    dtype: torch.dtype = torch.float32,
) -> image_prompt.Adapter:
    """An adapter from the extra tensors under the fork's names. Raises CheckpointInvalid."""
    sizes = _sizes(tensors, source)
    with torch.device("meta"):
        adapter = image_prompt.Adapter(sizes)
    original = names(sizes.layers)
    ours = {theirs: name for name, theirs in original.items()}
    checkpoints.fill(adapter, {ours.get(name, name): t for name, t in tensors.items()}, source, device, dtype)
    return adapter.eval()


def to_original(adapter: image_prompt.Adapter) -> dict[str, Tensor]:
    """An adapter's weights under the fork's names; a slim file puts `ip.` before each."""
    original = names(adapter.sizes.layers)
    return {original[name]: tensor for name, tensor in adapter.state_dict().items()}


def names(layers: Iterable[str]) -> dict[str, str]:
    """The fork's name of every weight of an adapter whose attentions are those of `layers` (stock names)."""
    found = {f"{head}{part}": f"{head}{part}" for head in _HEADS for part in ("weight", "bias")}
    for i, layer in enumerate(layers):
        inside = f"{keymaps.unet_name_to_original(layer)}{_INSIDE}"
        for ours, theirs in _LAYER_NAMES.items():
            found |= {f"attentions.{i}.{ours}.{part}": f"{inside}{theirs}.{part}" for part in ("weight", "bias")}
    return found


def _sizes(tensors: Mapping[str, Tensor], source: str) -> image_prompt.AdapterSizes:
    projection, norm = tensors.get("image_proj.weight"), tensors.get("image_norm.weight")
    if projection is None or norm is None or projection.ndim != 2 or projection.shape[0] % norm.numel():
        raise errors.CheckpointInvalid(f"{source} does not fit: image_proj and image_norm are not there or not a pair")
    ending = f"{_INSIDE}to_out_ip.weight"
    widths = {
        keymaps.unet_name_to_stock(name.removesuffix(ending)): tensor.shape[0]
        for name, tensor in tensors.items()
        if name.endswith(ending)
    }
    context_dim = norm.numel()
    return image_prompt.AdapterSizes(
        layers={name: widths[name] for name in sorted(widths)},
        context_dim=context_dim,
        embedding_dim=projection.shape[1],
        tokens=projection.shape[0] // context_dim,
    )
