"""HED: the edges of a picture, white on black, as the hint U-Net was taught to see them.

Five blocks of 3x3 convolutions, each at half of the resolution before it, each with a side output; the edge
probability is the logistic function of the mean of the five, brought to the picture's size. Loads the public
`ControlNetHED.pth` of lllyasviel/Annotators (Apache-2.0) by its names: `norm`, `block1.convs.0.weight`,
`block1.projection.weight`. Facts: huggingface/controlnet_aux `hed/__init__.py`; the paper only names HED (5.4).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines import checkpoints

CPU = torch.device("cpu")
LEVELS = 255.0  # of a colour; the public weights take RGB from 0 to 255


@dataclass(frozen=True, slots=True)
class HEDConfig:
    """Channels and convolutions of each block; the defaults are those of the public weights."""

    widths: Sequence[int] = (64, 128, 256, 512, 512)
    depths: Sequence[int] = (2, 2, 3, 3, 3)

    @classmethod
    def parse(cls, text: str | None) -> HEDConfig:
        """The configuration stored as JSON in a checkpoint; without one, the defaults. Raises CheckpointInvalid."""
        return cls(**checkpoints.config(text, cls))


class _Block(nn.Module):
    """Convolutions of one resolution and their side output."""

    def __init__(self, entering: int, width: int, depth: int) -> None:
        super().__init__()
        channels = [entering, *[width] * depth]
        self.convs = nn.ModuleList(
            nn.Conv2d(before, after, kernel_size=3, padding=1) for before, after in itertools.pairwise(channels)
        )
        self.projection = nn.Conv2d(width, 1, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        for conv in self.convs:
            x = functional.relu(conv(x))
        return x


class HED(nn.Module):
    """The edge detector."""

    def __init__(self, config: HEDConfig) -> None:
        super().__init__()
        self.norm = nn.Parameter(torch.zeros(1, 3, 1, 1))
        entering = [3, *config.widths[:-1]]
        blocks = [_Block(*sizes) for sizes in zip(entering, config.widths, config.depths, strict=True)]
        for number, block in enumerate(blocks, start=1):
            self.add_module(f"block{number}", block)
        self.blocks = tuple(blocks)  # a tuple is no submodule: names stay those of the file

    def logits(self, pictures: Tensor) -> list[Tensor]:
        """Side outputs [b, 1, h/2^i, w/2^i], finest first, of RGB pictures [b, 3, h, w] in 0..1."""
        x = pictures.to(self.norm.device, self.norm.dtype) * LEVELS - self.norm
        outputs = []
        for number, block in enumerate(self.blocks):
            x = block(functional.max_pool2d(x, 2) if number else x)
            outputs.append(block.projection(x).float())
        return outputs

    def forward(self, pictures: Tensor) -> Tensor:
        """Edge probabilities [b, 1, h, w] in 0..1, float32, of RGB pictures [b, 3, h, w] in 0..1.

        Sides must be at least 2^(blocks - 1): every block halves them.
        """
        size = pictures.shape[-2:]
        sides = [functional.interpolate(side, size=size, mode="bilinear") for side in self.logits(pictures)]
        return torch.stack(sides).mean(dim=0).sigmoid()


def load(path: Path, device: torch.device, dtype: torch.dtype) -> HED:
    """A detector from `hed.pt` or `.safetensors`. Raises CheckpointMissing, CheckpointInvalid."""
    content = checkpoints.read(path)
    config = HEDConfig.parse(content.metadata.get("config"))
    return from_original(config, content.tensors, path.name, device, dtype)


def from_original(
    config: HEDConfig,
    tensors: Mapping[str, Tensor],
    source: str = "hed",
    device: torch.device = CPU,
    dtype: torch.dtype = torch.float32,
) -> HED:
    """A detector from weights under the names of the public file."""
    with torch.device("meta"):
        detector = HED(config)
    checkpoints.fill(detector, tensors, source, device, dtype)
    return detector.eval()
