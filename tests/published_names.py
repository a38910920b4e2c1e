"""Names and shapes in published files, written down from what is known of them and not from our own networks.

HED: the file of lllyasviel/Annotators.
"""

from __future__ import annotations

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


def _layer(place: str, shape: list[int]) -> Shapes:
    """A weight, and a bias for each of what leaves."""
    return {f"{place}.weight": shape, f"{place}.bias": shape[:1]}
