"""The super-resolution U-Net: a noisy large picture beside the small one, enlarged, becomes the clean large picture.

Sources: ai-forever/KandiSuperRes `model/unet_sr.py`, `model/nn.py`. Modules bear the names of the original checkpoints.
Unlike the latent U-Net it predicts x0, has no attention and no context, and activates only the second convolution of
a residual block: the first follows its group norm directly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines import checkpoints, errors

CPU = torch.device("cpu")
MULTIPLE_PX = 8  # of height and width, with the three halvings of the published network


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes in the words of the original; the defaults are those of KandiSuperRes."""

    model_channels: int = 128
    init_channels: int = 128
    num_channels: int = 3
    time_embed_dim: int = 512
    groups: int = 32
    dim_mult: Sequence[int] = (1, 2, 4, 8)
    num_resnet_blocks: Sequence[int] = (2, 4, 8, 8)

    @classmethod
    def parse(cls, text: str | None) -> Config:
        """The configuration stored as JSON in a checkpoint; without one, the defaults. Raises CheckpointInvalid."""
        return cls(**checkpoints.config(text, cls))

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each level, the widest last."""
        return tuple(self.model_channels * factor for factor in self.dim_mult)


class Network(nn.Module):
    """The U-Net. Rows of a batch may be at different times."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        if len(config.num_resnet_blocks) != len(config.dim_mult) or min(config.num_resnet_blocks) < 2:
            raise errors.CheckpointInvalid("this super-resolution network cannot be built: two blocks a level at least")
        self.config = config
        widths, blocks = config.widths, config.num_resnet_blocks
        outer = (config.init_channels, *widths[:-1])  # what each level gets from the one above it, and gives back
        last = len(widths) - 1
        common = (config.time_embed_dim, config.groups)
        self.to_time_embed = nn.Sequential(
            nn.Identity(),  # the original's sinusoids have this place, and no weights
            nn.Linear(config.init_channels, config.time_embed_dim),
            nn.SiLU(),
            nn.Linear(config.time_embed_dim, config.time_embed_dim),
        )
        self.init_conv = nn.Conv2d(2 * config.num_channels, config.init_channels, kernel_size=3, padding=1)
        self.down_samples = nn.ModuleList(
            _Down(outer[level], widths[level], blocks[level], level != last, *common) for level in range(last + 1)
        )
        self.up_samples = nn.ModuleList(
            _Up(widths[level], outer[level], blocks[level], level != last, *common)
            for level in reversed(range(last + 1))
        )
        self.norm = nn.GroupNorm(config.groups, config.init_channels)
        self.out_conv = nn.Conv2d(config.init_channels, config.num_channels, kernel_size=3, padding=1)

    @property
    def dtype(self) -> torch.dtype:
        return self.out_conv.weight.dtype

    @property
    def device(self) -> torch.device:
        return self.out_conv.weight.device

    def forward(self, x: Tensor, times: Sequence[float], guide: Tensor) -> Tensor:
        """The clean picture in x, float32 [b, 3, h, w]; h and w are multiples of 8.

        x is the noisy picture and `guide` the small one enlarged by `enlarged`, both [b, 3, h, w].
        """
        time = self.to_time_embed(_sinusoids(times, self.config.init_channels).to(self.device, self.dtype))
        hidden = self.init_conv(torch.cat([x, guide], dim=1).to(self.device, self.dtype))
        skips: list[Tensor] = []
        for level in self.down_samples:
            hidden = level(hidden, time)
            skips.append(hidden)
        skips.pop()  # the lowest level goes straight up
        for number, level in enumerate(self.up_samples):
            hidden = level(hidden if number == 0 else torch.cat([hidden, skips.pop()], dim=1), time)
        out: Tensor = self.out_conv(functional.silu(self.norm(hidden)))
        return out.float()


def enlarged(picture: Tensor, height: int, width: int) -> Tensor:
    """The small picture [b, 3, h, w] as the network wants to see it, [b, 3, height, width]: bilinear, corners free."""
    return functional.interpolate(picture, (height, width), mode="bilinear", align_corners=False)


def load(path: Path, device: torch.device, dtype: torch.dtype) -> Network:
    """A network from `kandi_super_res*`. Raises CheckpointMissing, CheckpointInvalid."""
    content = checkpoints.read(path)
    config = Config.parse(content.metadata.get("config"))
    return from_original(config, content.tensors, path.name, device, dtype)


def from_original(
    config: Config,
    tensors: Mapping[str, Tensor],
    source: str = "super-resolution",
    device: torch.device = CPU,
    dtype: torch.dtype = torch.float32,
) -> Network:
    """A network from weights under original names, bare or below `unet.`."""
    with torch.device("meta"):
        network = Network(config)
    checkpoints.fill(network, checkpoints.below("unet.", tensors) or tensors, source, device, dtype)
    return network.eval()


def _sinusoids(times: Sequence[float], width: int) -> Tensor:
    """Sines and cosines of times [b], float32 [b, width] on the CPU; in half precision t·f would be off by radians."""
    half = width // 2
    frequencies = torch.exp(-math.log(10000) / (half - 1) * torch.arange(half, dtype=torch.float32))
    angles = torch.tensor(times, dtype=torch.float32)[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


class Resampling(nn.Module):
    """Half or twice the height and width by a 4x4 convolution."""

    def __init__(self, width: int, up: bool) -> None:
        super().__init__()
        kind = nn.ConvTranspose2d if up else nn.Conv2d
        self.change_resolution = kind(width, width, kernel_size=4, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        resampled: Tensor = self.change_resolution(x)
        return resampled


class _Convolution(nn.Module):
    """Group norm, then a time's scale and shift and an activation where there is a time, resampling, convolution."""

    def __init__(self, width: int, out_width: int, groups: int, up: bool | None = None) -> None:
        super().__init__()
        self.group_norm = nn.GroupNorm(groups, width)
        self.change_resolution = nn.Identity() if up is None else Resampling(width, up)
        self.projection = nn.Conv2d(width, out_width, kernel_size=3, padding=1)

    def forward(self, x: Tensor, modulation: Tensor | None = None) -> Tensor:
        x = self.group_norm(x)
        if modulation is not None:
            scale, shift = modulation[:, :, None, None].chunk(2, dim=1)
            x = functional.silu(x * (1 + scale) + shift)
        out: Tensor = self.projection(self.change_resolution(x))
        return out


class Residual(nn.Module):
    """A residual block; `up` None keeps the resolution, False halves it, True doubles it."""

    def __init__(self, width: int, out_width: int, up: bool | None, time_width: int, groups: int) -> None:
        super().__init__()
        self.time_mlp = nn.Sequential(nn.SiLU(), nn.Linear(time_width, 2 * out_width))
        self.in_block = _Convolution(width, out_width, groups, up)
        self.out_block = _Convolution(out_width, out_width, groups)
        straight = width == out_width and up is None
        self.change_resolution = nn.Identity() if up is None else Resampling(width, up)
        self.res_block = nn.Identity() if straight else nn.Conv2d(width, out_width, kernel_size=1)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        out: Tensor = self.out_block(self.in_block(x), self.time_mlp(time))
        shortcut: Tensor = self.res_block(self.change_resolution(x))
        return shortcut + out


class _Level(nn.Module):
    """Residual blocks one after another. The original pairs each with an attention block, which KandiSuperRes lacks."""

    def __init__(self, blocks: Sequence[Residual]) -> None:
        super().__init__()
        self.resnet_attn_blocks = nn.ModuleList(nn.ModuleList([block]) for block in blocks)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        for alone in self.resnet_attn_blocks:
            x = cast("nn.ModuleList", alone)[0](x, time)
        return x


class _Down(_Level):
    """A level on the way down: its first block halves the resolution, except on the lowest level."""

    def __init__(self, width: int, out_width: int, blocks: int, resample: bool, time_width: int, groups: int) -> None:
        first = Residual(width, out_width, False if resample else None, time_width, groups)
        others = [Residual(out_width, out_width, None, time_width, groups) for _ in range(blocks - 1)]
        super().__init__([first, *others])


class _Up(_Level):
    """A level on the way up: its last block doubles the resolution; all but the lowest level begin with a skip."""

    def __init__(self, width: int, out_width: int, blocks: int, resample: bool, time_width: int, groups: int) -> None:
        skip_width = width if resample else 0
        first = Residual(width + skip_width, width, None, time_width, groups)
        others = [Residual(width, width, None, time_width, groups) for _ in range(blocks - 2)]
        last = Residual(width, out_width, True if resample else None, time_width, groups)
        super().__init__([first, *others, last])
