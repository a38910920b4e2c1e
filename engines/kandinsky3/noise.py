"""Where random draws come from: a seed, or a tape of recorded ones.

A draw is named by its number, not by what was drawn before it. So a step that is repeated (after a failed attempt,
after a restart) draws the same noise, and what else is in the batch cannot matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor


class NoiseSource(Protocol):
    """Standard normal noise by number."""

    def draw(self, index: int, shape: Sequence[int]) -> Tensor:
        """Draw number `index`, float32 on the CPU."""
        ...


@dataclass(frozen=True, slots=True)
class Seeded:
    """The noise of picture number `picture` of a task with this seed.

    Philox is counter-based: the key is (seed, picture), the highest word of the counter the number of the draw, so no
    two draws overlap (a draw uses far fewer than 2**192 counts).
    """

    seed: int
    picture: int = 0

    def draw(self, index: int, shape: Sequence[int]) -> Tensor:
        bits = np.random.Philox(key=[self.seed, self.picture], counter=[0, 0, 0, index])
        return torch.from_numpy(np.random.Generator(bits).standard_normal(tuple(shape), dtype=np.float32))


@dataclass(frozen=True, slots=True)
class Tape:
    """Recorded draws, as golden fixtures hold them."""

    draws: tuple[Tensor, ...]

    def draw(self, index: int, shape: Sequence[int]) -> Tensor:
        recorded = self.draws[index]
        if tuple(recorded.shape) != tuple(shape):
            raise ValueError(f"draw {index} was recorded as {tuple(recorded.shape)}, asked for as {tuple(shape)}")
        return recorded
