"""A text encoder in four bits a number, for cards that do not hold it in bfloat16.

NF4 of QLoRA (arXiv 2305.14314, section 3 and appendix E): sixteen levels at quantiles of the normal distribution, and
one scale for each 64 neighbours of a row. Written out here because the encoder runs once a prompt: matrices are
brought back one at a time, so plain torch is enough, on every device, and no further library is needed. It applies to
the matrices of attention and feed-forward layers; embeddings and norms stay as they are.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines import checkpoints
from engines.kandinsky3 import text

BLOCK = 64  # neighbours that share a scale
_TAIL = 0.9677083  # the outermost quantile: halfway between those of 1 - 1/30 and 1 - 1/32 (appendix E)
_MATRICES = (".SelfAttention.q.", ".SelfAttention.k.", ".SelfAttention.v.", ".SelfAttention.o.", ".DenseReluDense.")


@functools.cache
def levels() -> Tensor:
    """The sixteen levels [16] in [-1, 1], float32, rising; one of them is zero."""
    above = torch.special.ndtri(torch.linspace(_TAIL, 0.5, 9, dtype=torch.float64)[:-1])
    below = -torch.special.ndtri(torch.linspace(_TAIL, 0.5, 8, dtype=torch.float64)[:-1])
    found = torch.cat([above, torch.zeros(1, dtype=torch.float64), below]).sort().values
    return (found / found.max()).float()


class Linear(nn.Module):
    """A linear layer without bias whose matrix [out, in] is kept in four bits; `in` is even."""

    weight = None  # transformers asks a layer for the type of its matrix, and takes none for an answer
    codes: Tensor  # uint8 [out, in / 2]: the earlier of two numbers in the low half
    scales: Tensor  # [out, in / block], in the type of the matrix

    def __init__(self, matrix: Tensor) -> None:
        super().__init__()
        rows, columns = matrix.shape
        block = math.gcd(columns, BLOCK)
        blocks = matrix.float().reshape(rows, columns // block, block)
        scales = (
            blocks.abs().amax(dim=-1, keepdim=True).to(matrix.dtype).float().clamp_min(torch.finfo(torch.float32).tiny)
        )
        known = levels().to(matrix.device)
        between = (known[1:] + known[:-1]) / 2
        codes = torch.bucketize(blocks / scales, between).to(torch.uint8).reshape(rows, columns)
        self.register_buffer("codes", codes[:, ::2] | codes[:, 1::2] << 4)
        self.register_buffer("scales", scales.squeeze(-1).to(matrix.dtype))

    def matrix(self) -> Tensor:
        """The matrix [out, in] as it was kept."""
        known = levels().to(self.scales.device, self.scales.dtype)
        byte = torch.arange(256, device=known.device)
        pairs = torch.stack([known[byte & 15], known[byte >> 4]], dim=-1)
        numbers = functional.embedding(self.codes.int(), pairs)
        return (numbers.reshape(*self.scales.shape, -1) * self.scales.unsqueeze(-1)).flatten(start_dim=1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.matrix())


def shrink(model: nn.Module, device: torch.device) -> None:
    """Put the matrices of an encoder into four bits and everything on a device, one after another."""
    found = [name for name, layer in model.named_modules() if isinstance(layer, nn.Linear) and is_matrix(f"{name}.")]
    for name in found:
        parent, _, own = name.rpartition(".")
        layer = model.get_submodule(name)
        assert isinstance(layer, nn.Linear)
        setattr(model.get_submodule(parent), own, Linear(layer.weight.detach().to(device)))
    model.to(device)


def is_matrix(name: str) -> bool:
    """Whether the weight of an encoder is kept in four bits."""
    return any(part in name for part in _MATRICES)


def load_encoder(folder: Path, device: torch.device, dtype: torch.dtype) -> text.TextEncoder:
    """The T5 encoder of a folder in four bits. Raises CheckpointMissing, CheckpointInvalid.

    It is read in `dtype` into the machine's memory first, which takes 17.4 GB for FLAN-UL2.
    """
    encoder = text.load_encoder(folder, torch.device("cpu"), dtype)
    shrink(encoder.model, device)
    return encoder


def loaded_bytes(folder: Path, item_bytes: int) -> int:
    """What `load_encoder` takes, with `item_bytes` for a number that is not shrunk. Only headers are read."""
    shapes = checkpoints.shapes(folder)
    return sum(_bytes(name, shape, item_bytes) for name, shape in shapes.items())


def _bytes(name: str, shape: Iterable[int], item_bytes: int) -> int:
    sizes = tuple(shape)
    count = math.prod(sizes)
    if not is_matrix(name):
        return count * item_bytes
    return count // 2 + count // math.gcd(sizes[-1], BLOCK) * item_bytes
