"""The side network of version 2: a copy of the way down that steers the base U-Net's skips (facts: depth, scribble).

After each of its levels a 1x1 convolution *replaces* the stream: what it gives is both the residual for the base's skip
and the input of the next level. Residuals times the scale are added to the base's skips. The text's projection is the
base's; the side network has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines import checkpoints
from engines.kandinsky3 import keymaps, unet
from engines.kandinsky3.control import hint_block, walk

CPU = torch.device("cpu")
_UNCHANGED = ("convs.", hint_block.PREFIX)  # names that stock has no other name for


class SideEncoder(nn.Module):
    """The side network alone: what it adds to the skips of the first levels of a base U-Net."""

    def __init__(self, config: unet.UNetConfig) -> None:
        super().__init__()
        self.config = config
        self.unet = _way_down(config)
        self.input_hint_block = hint_block.HintBlock(config.init_channels)
        self.convs = nn.ModuleList(nn.Conv2d(width, width, kernel_size=1) for width in config.widths[:-1])

    def forward(
        self,
        x: Tensor,
        times: Tensor,
        rows: Tensor,
        scores: Tensor,
        conditions: Sequence[unet.Condition | None],
    ) -> list[Tensor]:
        """A residual [b, width, h', w'] for each skip, finest first, before any scale."""
        said = walk.told(self.unet, times, rows, scores)
        x = self.unet.conv_in(x) + self.input_hint_block.of(conditions)
        residuals = []
        for level, replace in zip(self.unet.down_blocks, self.convs, strict=True):
            x = replace(walk.through(level, x, said))
            residuals.append(x)
        return residuals


@dataclass(frozen=True, slots=True)
class SideNetwork:
    """`unet.Predictor` of a base U-Net and a side network, both resident on one device."""

    base: unet.Network
    side: SideEncoder

    @property
    def null_embedding(self) -> Tensor:
        return self.base.null_embedding

    @property
    def dtype(self) -> torch.dtype:
        return self.base.dtype

    @property
    def device(self) -> torch.device:
        return self.base.device

    def __call__(
        self,
        x: Tensor,
        times: Sequence[int],
        contexts: Sequence[unet.Context],
        conditions: Sequence[unet.Condition | None] | None = None,
    ) -> Tensor:
        """The predicted noise, float32 like x [b, 4, h, w]; each row's residuals times its condition's scale.

        Raises EngineFailed for a row without a hint.
        """
        conditions = conditions or [None] * len(x)
        if not any(_controls(condition) for condition in conditions):
            plain: Tensor = self.base(x, times, contexts)
            return plain
        residuals = self.residuals(x, times, contexts, conditions)
        scaled = [residual * _scales(conditions, residual) for residual in residuals]
        said = walk.told(self.base.unet, *self._entering(times, contexts))
        return walk.whole(self.base.unet, x.to(self.device, self.dtype), said, residuals=scaled).float()

    def residuals(
        self,
        x: Tensor,
        times: Sequence[int],
        contexts: Sequence[unet.Context],
        conditions: Sequence[unet.Condition | None],
    ) -> list[Tensor]:
        """What the side network would add to each skip, finest first, before any scale."""
        found: list[Tensor] = self.side(x.to(self.device, self.dtype), *self._entering(times, contexts), conditions)
        return found

    def _entering(self, times: Sequence[int], contexts: Sequence[unet.Context]) -> tuple[Tensor, Tensor, Tensor]:
        timesteps = torch.tensor(times, dtype=torch.float32, device=self.device)
        return timesteps, *unet.stack(contexts, self.dtype, self.device)


def load(path: Path, device: torch.device, dtype: torch.dtype) -> SideEncoder:
    """A side network from `kandinsky3_depth` or `kandinsky3_scribble`. Raises CheckpointMissing, CheckpointInvalid."""
    content = checkpoints.read(path)
    config = unet.UNetConfig.parse(content.metadata.get("config"))
    return from_original(config, content.tensors, path.name, device, dtype)


def from_original(
    config: unet.UNetConfig,
    tensors: Mapping[str, Tensor],
    source: str = "side network",
    device: torch.device = CPU,
    dtype: torch.dtype = torch.float32,
) -> SideEncoder:
    """A side network from weights under the names of the public file, which has no prefix."""
    with torch.device("meta"):
        side = SideEncoder(config)
    state = {name_to_ours(name): tensor for name, tensor in tensors.items()}
    checkpoints.fill(side, state, source, device, dtype)
    return side.eval()


def name_to_ours(name: str) -> str:
    """The name in `SideEncoder` of a weight of the public file."""
    return name if name.startswith(_UNCHANGED) else f"unet.{keymaps.unet_name_to_stock(name)}"


def _way_down(config: unet.UNetConfig) -> Any:
    """A stock U-Net without its lowest level and its way up."""
    stock = unet.Network(config).unet
    del stock.up_blocks, stock.conv_norm_out, stock.conv_out
    stock.down_blocks = stock.down_blocks[:-1]
    return stock


def _controls(condition: unet.Condition | None) -> bool:
    """Whether a condition's residuals count; a row without one is left to the side network to refuse."""
    return condition is None or isinstance(condition.scale, Tensor) or condition.scale != 0


def _scales(conditions: Sequence[unet.Condition | None], residual: Tensor) -> Tensor:
    """[b, 1, h', w'] or [b, 1, 1, 1]: numbers and maps [h, w], a map brought to the level's size."""
    size = residual.shape[-2:]
    scales = [1.0 if condition is None else condition.scale for condition in conditions]
    maps = [
        functional.interpolate(scale[None, None].float(), size=size, mode="nearest-exact")
        if isinstance(scale, Tensor)
        else torch.full((1, 1, 1, 1), scale).expand(1, 1, *size)
        for scale in scales
    ]
    return torch.cat([one.to(residual.device, residual.dtype) for one in maps])
