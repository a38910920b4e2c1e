"""Pictures and latents too large for one pass: overlapping tiles, blended linearly over the overlap.

Source: ai-forever/KandiSuperRes `movq.py`, `model/diffusion_refine.py`. Tiles begin at the top left, so the last of a
row and of a column is smaller; it must still be divisible by what the network divides by.

The MoVQ has group norms over its whole input and attention at its lowest level. So a tiled result is close to the
untiled one and not equal to it, and what fits one pass is never tiled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from engines.kandinsky3 import movq

# The largest canvas that is encoded or decoded in one pass: every canvas of text to image has at most this area. The
# decoder's activations take 5 GiB in bfloat16 then.
WHOLE_PX = 1024 * 1024
TILE_PX = 1024
ENCODE_OVERLAP, DECODE_OVERLAP = 0.0, 0.25


@dataclass(frozen=True, slots=True)
class Tiles:
    """How input and output are cut, a side each.

    `side` and `stride` count in the input. In the output neighbours are blended over `blend`, and of each tile but the
    last `kept` remains.
    """

    side: int
    stride: int
    blend: int
    kept: int

    @classmethod
    def of(cls, side: int, out_side: int, overlap: float) -> Self:
        """Tiles of a side that become `out_side` and overlap by a share of theirs, with the original's rounding."""
        blend = int(out_side * overlap)
        return cls(side, int(side * (1 - overlap)), blend, out_side - blend)


ENCODE = Tiles.of(TILE_PX, TILE_PX // movq.FACTOR, ENCODE_OVERLAP)
DECODE = Tiles.of(TILE_PX // movq.FACTOR, TILE_PX, DECODE_OVERLAP)


def mapped(x: Tensor, tiles: Tiles, change: Callable[[Tensor], Tensor]) -> Tensor:
    """What `change` makes of x [b, c, h, w], tile by tile in reading order.

    Two rows of tiles are in memory at a time. `change` must scale every tile alike.
    """
    bands: list[Tensor] = []
    above: list[Tensor] = []
    for top in range(0, x.shape[-2], tiles.stride):
        row = list(_row(x[..., top : top + tiles.side, :], tiles, change, above))
        bands.append(torch.cat([tile[..., : tiles.kept, : tiles.kept] for tile in row], dim=-1))
        above = row
    return torch.cat(bands, dim=-2)


def encode(model: movq.MoVQ, pictures: Tensor) -> Tensor:
    """Float32 latents of pictures [b, 3, h, w] in [-1, 1] whose sides are multiples of 8, of any size."""
    whole = pictures.shape[-2] * pictures.shape[-1] <= WHOLE_PX
    return model.encode(pictures) if whole else mapped(pictures, ENCODE, model.encode)


def decode(model: movq.MoVQ, latents: Tensor) -> Tensor:
    """Float32 pictures [b, 3, h, w], unclipped, of latents [b, 4, h/8, w/8] of any size."""
    whole = latents.shape[-2] * latents.shape[-1] * movq.FACTOR**2 <= WHOLE_PX
    return model.decode(latents) if whole else mapped(latents, DECODE, model.decode)


def passes(height: int, width: int, tiles: Tiles) -> int:
    """How many tiles an input of this size is cut into."""
    return math.ceil(height / tiles.stride) * math.ceil(width / tiles.stride)


def _row(band: Tensor, tiles: Tiles, change: Callable[[Tensor], Tensor], above: list[Tensor]) -> Iterator[Tensor]:
    """The changed tiles of one band, blended with the row above and each with the one before it."""
    before: Tensor | None = None
    for column, left in enumerate(range(0, band.shape[-1], tiles.stride)):
        tile = change(band[..., left : left + tiles.side])
        if above:
            tile = _blended(above[column], tile, tiles.blend, dim=-2)
        if before is not None:
            tile = _blended(before, tile, tiles.blend, dim=-1)
        yield tile
        before = tile


def _blended(first: Tensor, second: Tensor, extent: int, dim: int) -> Tensor:
    """`second`, whose beginning goes over from the end of `first`, linearly, along a dimension."""
    extent = min(first.shape[dim], second.shape[dim], extent)
    if extent == 0:
        return second
    share = torch.arange(extent, dtype=second.dtype, device=second.device) / extent
    share = share if dim == -1 else share[:, None]
    ending = first.narrow(dim, first.shape[dim] - extent, extent)
    beginning, rest = second.narrow(dim, 0, extent), second.narrow(dim, extent, second.shape[dim] - extent)
    return torch.cat([ending * (1 - share) + beginning * share, rest], dim=dim)
