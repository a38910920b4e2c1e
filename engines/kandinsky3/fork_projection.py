"""The text's projection inside a whole U-Net of the fork: `unet.projection_lin`, `unet.projection_ln`.

The original keeps it in a file beside the encoder, and so may a converted checkpoint of the fork.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from engines import checkpoints
from engines.kandinsky3 import text

INSIDE, BESIDE = ("unet.projection_lin.", "unet.projection_ln."), ("0.", "1.")  # the same tensors by two names


def is_inside(path: Path) -> bool:
    """Whether a checkpoint of a U-Net holds its text's projection. Raises CheckpointError."""
    return f"{INSIDE[0]}weight" in checkpoints.read(path).tensors


def size_bytes(path: Path, item_bytes: int) -> int:
    """What the projection inside takes with `item_bytes` a number. Raises CheckpointError."""
    return sum(tensor.numel() for tensor in _inside(path).values()) * item_bytes


def load(path: Path, device: torch.device, dtype: torch.dtype) -> text.Projection:
    """The projection inside a checkpoint of a U-Net. Raises CheckpointMissing, CheckpointInvalid."""
    return text.projection_from_original(_inside(path), path.name, device, dtype)


def _inside(path: Path) -> dict[str, Tensor]:
    """The projection's tensors under the names of a file of its own."""
    whole = checkpoints.read(path).tensors
    return {
        f"{beside}{name}": tensor
        for prefix, beside in zip(INSIDE, BESIDE, strict=True)
        for name, tensor in checkpoints.below(prefix, whole).items()
    }
