"""The encoder of a hint: a picture of eight times the latents' sides becomes features for the first layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines import errors

if TYPE_CHECKING:
    from engines.kandinsky3 import unet

PREFIX = "input_hint_block."
HINT_CHANNELS = 3
# (channels, stride) of conv1 ... conv7; `out` leads to the U-Net's first layer
_LAYERS = ((16, 1), (16, 1), (32, 2), (32, 1), (96, 2), (96, 1), (256, 2))


class HintBlock(nn.Module):
    """Eight 3x3 convolutions, SiLU after each but the last: [b, 3, 8h, 8w] in 0..1 to [b, init_channels, h, w]."""

    def __init__(self, init_channels: int) -> None:
        super().__init__()
        entering = HINT_CHANNELS
        for number, (channels, stride) in enumerate(_LAYERS, start=1):
            self.add_module(f"conv{number}", nn.Conv2d(entering, channels, kernel_size=3, stride=stride, padding=1))
            entering = channels
        self.out = nn.Conv2d(entering, init_channels, kernel_size=3, padding=1)

    def forward(self, hints: Tensor) -> Tensor:
        x = hints
        for number in range(1, len(_LAYERS) + 1):
            x = functional.silu(self.get_submodule(f"conv{number}")(x))
        features: Tensor = self.out(x)
        return features

    def of(self, conditions: Sequence[unet.Condition | None]) -> Tensor:
        """Features [b, init_channels, h, w] of each row's hint. Rows that share a hint share its encoding.

        Raises EngineFailed for a row without a hint.
        """
        hints = [None if condition is None else condition.hint for condition in conditions]
        shown = [hint for hint in hints if hint is not None]
        if len(shown) != len(hints):
            raise errors.EngineFailed("a row came to a control network without a hint")
        distinct = {id(hint): hint for hint in shown}  # guidance asks twice about one picture
        places = {key: place for place, key in enumerate(distinct)}
        features: Tensor = self(torch.stack([self._own(hint) for hint in distinct.values()]))
        return features[[places[id(hint)] for hint in shown]]

    def _own(self, hint: Tensor) -> Tensor:
        return hint.to(self.out.weight.device, self.out.weight.dtype)
