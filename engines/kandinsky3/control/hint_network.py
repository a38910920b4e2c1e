"""The hint U-Net: a U-Net fine-tuned as a whole, whose first layer also gets what the hint block sees (facts: HED).

Nothing else differs from the base, and so there is nothing that a control scale could scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from engines import checkpoints
from engines.kandinsky3 import keymaps, unet
from engines.kandinsky3.control import hint_block, walk

CPU = torch.device("cpu")
UNET = "unet."
_PROJECTION = ("unet.projection_lin.", "unet.projection_ln.")  # of the text: loaded beside the network


class HintNetwork(unet.Network):
    """`unet.Predictor` whose every row has a hint [3, 8h, 8w] in 0..1: edges white on black."""

    def __init__(self, config: unet.UNetConfig) -> None:
        super().__init__(config)
        self.hint_block = hint_block.HintBlock(config.init_channels)

    def forward(
        self,
        x: Tensor,
        times: Sequence[int],
        contexts: Sequence[unet.Context],
        conditions: Sequence[unet.Condition | None] | None = None,
    ) -> Tensor:
        """The predicted noise, float32 like x [b, 4, h, w]. Raises EngineFailed for a row without a hint."""
        inlet = self.hint_block.of(conditions or [None] * len(x))
        rows, scores = unet.stack(contexts, self.dtype, self.device)
        timesteps = torch.tensor(times, dtype=torch.float32, device=self.device)
        said = walk.told(self.unet, timesteps, rows, scores)
        return walk.whole(self.unet, x.to(self.device, self.dtype), said, inlet).float()


def load(path: Path, base: Path, device: torch.device, dtype: torch.dtype) -> HintNetwork:
    """A hint U-Net from a whole file, or from one of what changed in the base. Raises CheckpointError.

    Both files are mapped into memory, so that what is not taken from the base is not read either.
    """
    content, unchanged = checkpoints.read(path), checkpoints.read(base)
    config = content.metadata.get("config") or unchanged.metadata.get("config")
    # a whole file that lost some of its tensors must not get them from the base
    tensors = content.tensors if unet.is_whole(content.tensors) else {**unchanged.tensors, **content.tensors}
    return from_original(unet.UNetConfig.parse(config), tensors, path.name, device, dtype)


def from_original(
    config: unet.UNetConfig,
    tensors: Mapping[str, Tensor],
    source: str = "hint u-net",
    device: torch.device = CPU,
    dtype: torch.dtype = torch.float32,
) -> HintNetwork:
    """A hint U-Net from `unet.<original name>`, `unet.input_hint_block.*` and, where there is one, `null_embedding`.

    The dialect of this checkpoint has no null embedding: without a prompt the context is silent zeros.
    """
    with torch.device("meta"):
        network = HintNetwork(config)
    weights = {name: tensor for name, tensor in tensors.items() if not name.startswith(_PROJECTION)}
    hints = checkpoints.below(UNET + hint_block.PREFIX, weights)
    original = {
        name: tensor
        for name, tensor in checkpoints.below(UNET, weights).items()
        if not name.startswith(hint_block.PREFIX)
    }
    state = {f"unet.{name}": tensor for name, tensor in keymaps.unet_to_stock(original).items()}
    state |= {f"hint_block.{name}": tensor for name, tensor in hints.items()}
    state["null_embedding"] = tensors.get("null_embedding", torch.zeros(config.context_dim)).reshape(-1)
    checkpoints.fill(network, state, source, device, dtype)
    return network.eval()


def name_to_file(name: str) -> str:
    """The name in a checkpoint of a weight of `HintNetwork`."""
    if name.startswith("hint_block."):
        return f"{UNET}{hint_block.PREFIX}{name.removeprefix('hint_block.')}"
    if name.startswith("unet."):
        return f"{UNET}{keymaps.unet_name_to_original(name.removeprefix('unet.'))}"
    return name
