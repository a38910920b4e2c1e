"""Names and shapes in published files, written down from what is known of them and not from our own networks.

HED: the file of lllyasviel/Annotators. Super-resolution: the sizes that ai-forever/KandiSuperRes builds its U-Net with,
and the names of its code, which a fixture holds at another size.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

Shapes = dict[str, list[int]]


def hed() -> Shapes:
    """The edge detector: five blocks, each with its convolutions and one side output of a single channel."""
    shapes: Shapes = {"norm": [1, 3, 1, 1]}
    blocks = zip((2, 2, 3, 3, 3), (3, 64, 128, 256, 512), (64, 128, 256, 512, 512), strict=True)
    for number, (depth, before, width) in enumerate(blocks, start=1):
        for conv in range(depth):
            shapes |= _layer(f"block{number}.convs.{conv}", [width, before if conv == 0 else width, 3, 3])
        shapes |= _layer(f"block{number}.projection", [1, width, 1, 1])
    return shapes


def super_resolution(
    width: int = 128, multiples: Sequence[int] = (1, 2, 4, 8), depths: Sequence[int] = (2, 4, 8, 8), time: int = 512
) -> Shapes:
    """The U-Net in pixels: a noisy and a small picture go in, 3 channels each; no attention anywhere.

    The way down halves in the first block of a level and widens there too; the way up doubles in the last block and
    narrows there, its first block takes what the way down left. The lowest level does neither and takes nothing.
    """
    shapes = _layer("init_conv", [width, 6, 3, 3]) | _norm("norm", width) | _layer("out_conv", [3, width, 3, 3])
    shapes |= _layer("to_time_embed.1", [time, width]) | _layer("to_time_embed.3", [time, time])
    widths = [width, *(width * multiple for multiple in multiples)]
    lowest = len(depths) - 1
    for level, ((outer, inner), depth) in enumerate(zip(itertools.pairwise(widths), depths, strict=True)):
        resampling = level != lowest
        down, up = (f"{way}_samples.{number}" for way, number in (("down", level), ("up", lowest - level)))
        for number in range(depth):
            first, last = number == 0, number == depth - 1
            place = f"resnet_attn_blocks.{number}.0"
            shapes |= _residual(f"{down}.{place}", outer if first else inner, inner, time, first and resampling)
            entering = 2 * inner if first and resampling else inner
            shapes |= _residual(f"{up}.{place}", entering, outer if last else inner, time, last and resampling)
    return shapes


def _residual(place: str, entering: int, leaving: int, time: int, resampling: bool) -> Shapes:
    shapes = _layer(f"{place}.time_mlp.1", [2 * leaving, time])
    for block, width in (("in_block", entering), ("out_block", leaving)):
        shapes |= _norm(f"{place}.{block}.group_norm", width)
        shapes |= _layer(f"{place}.{block}.projection", [leaving, width, 3, 3])
    if resampling:  # the stream and its shortcut, each with a convolution of its own
        for owner in (place, f"{place}.in_block"):
            shapes |= _layer(f"{owner}.change_resolution.change_resolution", [entering, entering, 4, 4])
    if resampling or entering != leaving:
        shapes |= _layer(f"{place}.res_block", [leaving, entering, 1, 1])
    return shapes


def _layer(place: str, shape: list[int]) -> Shapes:
    """A weight, and a bias for each of what leaves."""
    return {f"{place}.weight": shape, f"{place}.bias": shape[:1]}


def _norm(place: str, width: int) -> Shapes:
    return {f"{place}.weight": [width], f"{place}.bias": [width]}
