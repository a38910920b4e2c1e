"""MultiDiffusion: a picture too large for one look, seen through overlapping windows and averaged where they overlap.

Source: ai-forever/KandiSuperRes `model/diffusion_sr.py`; the idea is MultiDiffusion, arXiv 2302.08113, equation 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

WINDOW_PX = 1024
STRIDE_PX = 800


@dataclass(frozen=True, slots=True)
class View:
    """The rows [top, bottom) and columns [left, right) of a picture; beyond its edges there is nothing."""

    top: int
    bottom: int
    left: int
    right: int

    def of(self, picture: Tensor) -> Tensor:
        """This part of a picture [..., h, w]."""
        return picture[..., self.top : self.bottom, self.left : self.right]


def cover(height: int, width: int, window: int = WINDOW_PX, stride: int = STRIDE_PX) -> tuple[View, ...]:
    """Windows that cover a picture, row by row; the last of a row and of a column is moved back to the edge."""
    return tuple(
        View(top, top + window, left, left + window)
        for top in _starts(height, window, stride)
        for left in _starts(width, window, stride)
    )


def whole(height: int, width: int) -> tuple[View, ...]:
    """One view of everything."""
    return (View(0, height, 0, width),)


def average(parts: Sequence[Tensor], views: Sequence[View], height: int, width: int) -> Tensor:
    """One picture [c, height, width] of what is in its views."""
    total = parts[0].new_zeros(parts[0].shape[0], height, width)
    count = parts[0].new_zeros(1, height, width)
    for part, view in zip(parts, views, strict=True):
        view.of(total).add_(part)
        view.of(count).add_(1)
    return torch.where(count > 0, total / count, total)


def _starts(length: int, window: int, stride: int) -> list[int]:
    if length <= window:
        return [0]
    return [*range(0, length - window, stride), length - window]
