"""What of the official family is in a card's memory for each kind: computed before anything is bought or loaded.

The pool's own shelf (`engines.residency`) is run with components of the real sizes and nothing in them, through what a
task of each kind leases, three times: what the third task still has to bring is what every further one costs. Sizes are
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
    "2.2 inpainting decoder": 2 * (1_253_057_288 + 17_280),  # five more input channels
    "2.2 depth decoder": 2 * (1_253_057_288 + 371_924),  # four more input channels, and what reads the hint
    "2.2 movq": 2 * 67_832_495,
}
FOUR_BIT_ENCODER_BYTES = (
    ENCODER_MATRICES // 2 + ENCODER_MATRICES // 64 * 2 + 2 * (ENCODER_PARAMETERS - ENCODER_MATRICES)
)
# The MoVQ decoder's activations in bfloat16 at 1024x1024 (computed); larger pictures are decoded in tiles of that size
DECODE_BYTES = 5 * devices.GIB
WORKING_BYTES = 1 * devices.GIB  # a CUDA context, and what libraries ask for while they compute

Stages = Sequence[tuple[str, ...]]  # what is leased together, in the order in which a task needs it


def _told(network: str) -> Stages:
    """Words for a network: the encoder speaks while the projection waits for what it says."""
    return ((f"{network} projection".strip(), ENCODER),)


_WORDS, _MOVQ = _told(""), ("movq",)
_SEEN: Stages = (("image encoder",), ("image prompt",))
_MEANT_22: Stages = (("2.2 text encoder",), ("2.2 image encoder",), ("2.2 prior",))
_VARIED: Stages = (*_SEEN, *_told("image"), ("image-prompted u-net", "image prompt"), _MOVQ)
# What the first task of a kind leases. Another with words and pictures of its own leases the same less `REMEMBERED`.
# A scribble here is a photo, from which HED draws; a drawing does without it.
KINDS: Mapping[str, Stages] = {
    "text_to_image": (*_WORDS, ("base u-net",), _MOVQ),
    "text_to_image, Flash": (*_told("flash"), ("flash u-net",), _MOVQ),
    "text_to_image, refined": (*_WORDS, ("flash projection",), ("base u-net",), ("flash u-net",), _MOVQ),
    "text_to_image, 2.2": (*_MEANT_22, ("2.2 decoder",), ("2.2 movq",)),
    "img2img": (_MOVQ, *_WORDS, ("base u-net",), _MOVQ),
    "img2img, 2.2": (("2.2 movq",), *_MEANT_22, ("2.2 decoder",), ("2.2 movq",)),
    "inpaint, outpaint": (_MOVQ, *_told("inpainting"), ("inpainting u-net",), _MOVQ),
    "inpaint, 2.2": (("2.2 movq",), *_MEANT_22, ("2.2 inpainting decoder",), ("2.2 movq",)),
    "image_variation, image_fusion": _VARIED,
    "image_text_fusion": _VARIED,
    "image_variation, image_fusion, 2.2": (("2.2 image encoder",), ("2.2 decoder",), ("2.2 movq",)),
    "image_text_fusion, 2.2": (*_MEANT_22, ("2.2 decoder",), ("2.2 movq",)),
    "style_transfer, edges": (("hed",), *_told("edges"), ("edges u-net",), _MOVQ),
    "style_transfer, depth": (*_WORDS, ("base u-net", "side network"), _MOVQ),
    "style_transfer, scribble": (("hed",), *_WORDS, ("base u-net", "side network"), _MOVQ),
    "style_transfer, edges and image": (("hed",), *_told("edges"), *_SEEN, ("edges u-net", "image prompt"), _MOVQ),
    "style_transfer, depth and image": (*_WORDS, *_SEEN, ("base u-net", "side network", "image prompt"), _MOVQ),
    "style_transfer, scribble and image": (
        ("hed",),
        *_WORDS,
        *_SEEN,
        ("base u-net", "side network", "image prompt"),
        _MOVQ,
    ),
    "style_transfer, 2.2 depth": (*_MEANT_22, ("2.2 depth decoder",), ("2.2 movq",)),
    "upscale x2": ((ENCODER,), ("flash projection",), ("super-resolution",), _MOVQ, ("flash u-net",), _MOVQ),
    "upscale x4": (("super-resolution",),),
}
_NOTHING_SEEN = frozenset({"2.2 image encoder"})  # the embedding of no picture, away from which words are guided
# What later tasks of a kind do without, because what it said is kept: the same words, or none, for every task.
REMEMBERED: Mapping[str, frozenset[str]] = {
    "text_to_image, 2.2": _NOTHING_SEEN,
    "img2img, 2.2": _NOTHING_SEEN,
    "inpaint, 2.2": _NOTHING_SEEN,
    "style_transfer, 2.2 depth": _NOTHING_SEEN,
    "image_variation, image_fusion": frozenset({ENCODER}),
    "upscale x2": frozenset({ENCODER, "flash projection"}),
}


def later(kind: str) -> Stages:
    """What every task of a kind but the first leases."""
    known = REMEMBERED.get(kind, frozenset())
    kept = (tuple(name for name in together if name not in known) for together in KINDS[kind])
    return tuple(together for together in kept if together)


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
    """Bits of a number of the text encoder: 16, or 4 where it and a projection are more than weights may take."""
    return 16 if encoder_bytes + BYTES["projection"] <= budget_bytes else 4


def plan(total_bytes: int, bits: int | None = None) -> Plan:
    """What happens on a card with so much memory; `bits` overrides the choice for the text encoder."""
    budget = devices.CUDA(0, total_bytes).budget_bytes
    bits = bits or encoder_bits(budget)
    sizes = dict(BYTES) if bits == 16 else {**BYTES, ENCODER: FOUR_BIT_ENCODER_BYTES}
    rows = tuple(row(kind, (KINDS[kind], later(kind)), sizes, budget) for kind in KINDS)
    return Plan(total_bytes, budget, bits, rows)


def least_bytes() -> int:
    """The smallest card, in whole gigabytes, on which every kind can be painted."""
    return next(size for size in itertools.count(GB, GB) if plan(size).fits)


def row(kind: str, painted: tuple[Stages, Stages], sizes: Mapping[str, int], budget_bytes: int) -> Row:
    """A kind on a shelf of its own, told by its third task; `painted` is what the first and the later ones lease."""
    shelf = residency.Shelf(budget_bytes)
    moved: list[int] = []
    most = 0
    try:
        for stages in (*painted, painted[-1]):
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
