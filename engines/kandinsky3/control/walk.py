"""The passes of a stock U-Net taken apart, so that control can come in between.

The stock forward has no place where a hint or a residual could enter. These functions call its own modules in its own
order; without an inlet and residuals the result is that of the stock forward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Said:
    """What every block is told: time and text in one vector [b, time_embed_dim], context rows [b, n, d], scores."""

    embedded: Tensor
    rows: Tensor
    scores: Tensor  # [b, 1, n], added to what cross-attention computes


def told(stock: Any, times: Tensor, rows: Tensor, scores: Tensor) -> Said:
    """What a stock U-Net makes of timesteps [b], rows [b, n, d] and scores [b, n]."""
    scores = scores.unsqueeze(1)
    embedded = stock.time_embedding(stock.time_proj(times).to(rows.dtype))
    return Said(stock.add_time_condition(embedded, rows, scores), rows, scores)


def whole(stock: Any, x: Tensor, said: Said, inlet: Tensor | None = None, residuals: Sequence[Tensor] = ()) -> Tensor:
    """The prediction for x [b, c, h, w]. `inlet` is added after the first layer, `residuals` to the skips."""
    x = stock.conv_in(x)
    x = x if inlet is None else x + inlet
    skips = []
    for block in stock.down_blocks[:-1]:
        x = through(block, x, said)
        skips.append(x)
    x = through(stock.down_blocks[-1], x, said)
    if residuals:
        skips = [skip + residual for skip, residual in zip(skips, residuals, strict=True)]
    lowest, *others = stock.up_blocks
    x = through(lowest, x, said)
    for block in others:
        x = through(block, torch.cat([x, skips.pop()], dim=1), said)
    predicted: Tensor = stock.conv_out(stock.conv_act_out(stock.conv_norm_out(x)))
    return predicted


def through(block: Any, x: Tensor, said: Said) -> Tensor:
    """One level."""
    passed: Tensor = block(x, said.embedded, said.rows, said.scores)
    return passed
