"""What of the official family is in a card's memory for each kind: computed before anything is bought or loaded.

The pool's own shelf (`engines.residency`) is run with components of the real sizes and nothing in them, through what a
task of each kind leases, twice: what the second task still has to bring is what every further prompt costs. Sizes are
numbers of parameters times the bytes that the engines load them in; tests hold them to the networks at real size.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engines import devices, errors, residency

GB = 10**9
ENCODER = "text encoder"
# FLAN-UL2's encoder, and what of it can be put into four bits (engines.kandinsky3.four_bit)
ENCODER_PARAMETERS = 8_721_797_632
ENCODER_MATRICES = 8_589_934_592
PROJECTION_PARAMETERS = 4096 * 4096 + 2 * 4096
UNET_PARAMETERS = 3_038_562_820 + 4096  # with the null embedding
# Bytes of each component as the engines load it on a card: bfloat16, projections and HED float32,
# super-resolution and Kandinsky 2.2 float16. A control by depth or drawing is a side network beside the base.
BYTES: Mapping[str, int] = {
    ENCODER: 2 * ENCODER_PARAMETERS,
    "projection": 4 * PROJECTION_PARAMETERS,
    "base u-net": 2 * UNET_PARAMETERS,
    "flash projection": 4 * PROJECTION_PARAMETERS,
    "flash u-net": 2 * UNET_PARAMETERS,
    "inpainting projection": 4 * PROJECTION_PARAMETERS,
    "inpainting u-net": 2 * (UNET_PARAMETERS + 8640),  # five more input channels
    "image projection": 4 * PROJECTION_PARAMETERS,
    "image-prompted u-net": 2 * UNET_PARAMETERS,
    "image prompt": 2 * 378_991_872,
    "image encoder": 2 * 303_966_208,
    "edges projection": 4 * PROJECTION_PARAMETERS,
    "edges u-net": 2 * (UNET_PARAMETERS + 791_440),
    "hed": 4 * 14_716_168,
    "side network": 2 * 469_613_584,
    "super-resolution": 2 * 413_205_251,
    "movq": 2 * 270_603_567,
    "2.2 text encoder": 2 * 694_659_840,
    "2.2 image encoder": 2 * 1_844_907_264,
    "2.2 prior": 2 * 1_026_225_920,
    "2.2 decoder": 2 * 1_253_057_288,
    "2.2 movq": 2 * 67_832_495,
}
FOUR_BIT_ENCODER_BYTES = (
    ENCODER_MATRICES // 2 + ENCODER_MATRICES // 64 * 2 + 2 * (ENCODER_PARAMETERS - ENCODER_MATRICES)
)
# The MoVQ decoder's activations in bfloat16 at 1024x1024 (computed); larger pictures are decoded in tiles of that size
DECODE_BYTES = 5 * devices.GIB
WORKING_BYTES = 1 * devices.GIB  # a CUDA context, and what libraries ask for while they compute

Stages = Sequence[tuple[str, ...]]  # what is leased together, in the order in which a task needs it
_TOLD = ((ENCODER,), ("projection",))
_UPSCALED = (("super-resolution",), ("movq",), ("flash u-net",), ("movq",))  # what Flash hears is encoded once
_SEEN = (("image encoder",), ("image prompt",), (ENCODER,), ("image projection",))
KINDS: Mapping[str, Stages] = {
    "text_to_image": (*_TOLD, ("base u-net",), ("movq",)),
    "text_to_image, Flash": ((ENCODER,), ("flash projection",), ("flash u-net",), ("movq",)),
    "text_to_image, refined": (*_TOLD, ("flash projection",), ("base u-net",), ("flash u-net",), ("movq",)),
    "text_to_image, 2.2": (
        ("2.2 text encoder",),
        ("2.2 prior",),
        ("2.2 image encoder",),
        ("2.2 decoder",),
        ("2.2 movq",),
    ),
    "img2img": (("movq",), *_TOLD, ("base u-net",), ("movq",)),
    "inpaint, outpaint": (("movq",), (ENCODER,), ("inpainting projection",), ("inpainting u-net",), ("movq",)),
    "image_variation and fusions": (*_SEEN, ("image-prompted u-net", "image prompt"), ("movq",)),
    "style_transfer, edges": (("hed",), (ENCODER,), ("edges projection",), ("edges u-net",), ("movq",)),
    "style_transfer, depth or scribble": (*_TOLD, ("base u-net", "side network"), ("movq",)),
    "upscale x2": _UPSCALED,
    "upscale x4": (("super-resolution",),),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A kind on a card. `moved_bytes` come over the bus for every further task; `together_bytes` lie there at most."""

    kind: str
    fits: bool
    together_bytes: int
    moved_bytes: int
    residents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A card: what weights may take of it, the bits of the text encoder's numbers, and every kind alone on it."""

    total_bytes: int
    budget_bytes: int
    encoder_bits: int
    rows: tuple[Row, ...]

    @property
    def decodes_beside_weights(self) -> bool:
        """Whether a picture is decoded in what weights leave free; else they make room for it."""
        return self.total_bytes - self.budget_bytes >= DECODE_BYTES

    @property
    def takes_turns(self) -> bool:
        """Whether some kind moves weights in and out for every task."""
        return any(row.moved_bytes for row in self.rows)

    @property
    def fits(self) -> bool:
        """Whether every kind can be painted."""
        alone = BYTES["movq"] + DECODE_BYTES + WORKING_BYTES
        return alone <= self.total_bytes and all(row.fits for row in self.rows)


def encoder_bits(budget_bytes: int, encoder_bytes: int = BYTES[ENCODER]) -> int:
    """Bits of a number of the text encoder: 16, or 4 where the whole encoder is more than weights may take."""
    return 16 if encoder_bytes <= budget_bytes else 4


def plan(total_bytes: int, bits: int | None = None) -> Plan:
    """What happens on a card with so much memory; `bits` overrides the choice for the text encoder."""
    budget = devices.CUDA(0, total_bytes).budget_bytes
    bits = bits or encoder_bits(budget)
    sizes = dict(BYTES) if bits == 16 else {**BYTES, ENCODER: FOUR_BIT_ENCODER_BYTES}
    return Plan(total_bytes, budget, bits, tuple(row(kind, stages, sizes, budget) for kind, stages in KINDS.items()))


def least_bytes() -> int:
    """The smallest card, in whole gigabytes, on which every kind can be painted."""
    return next(size for size in itertools.count(GB, GB) if plan(size).fits)


def row(kind: str, stages: Stages, sizes: Mapping[str, int], budget_bytes: int) -> Row:
    """A kind on a shelf of its own, told by its second task."""
    shelf = residency.Shelf(budget_bytes)
    moved: list[int] = []
    most = 0
    try:
        for _ in range(2):
            moved.clear()
            for together in stages:
                most = max(most, _lease(shelf, together, sizes, moved))
    except errors.OutOfMemory:
        return Row(kind, False, most, sum(moved), ())
    return Row(kind, True, most, sum(moved), tuple(resident.name for resident in shelf.residents()))


def _lease(shelf: residency.Shelf, together: Sequence[str], sizes: Mapping[str, int], moved: list[int]) -> int:
    """Lease components together; bytes in memory meanwhile."""
    if not together:
        return sum(resident.bytes for resident in shelf.residents())
    name = together[0]
    component = residency.Component(name, sizes[name], lambda: moved.append(sizes[name]))
    with shelf.lease(component):
        return _lease(shelf, together[1:], sizes, moved)
