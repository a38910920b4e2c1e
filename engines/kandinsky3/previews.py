"""What pictures are becoming: small JPEGs from the estimates of x0 that the samplers make anyway.

An estimate is averaged down before it is decoded. Side 32 costs a sixteenth of a 1024x1024 picture (2.1 TFLOP beside
6.5 for a guided step). Several pictures of one task share the side of one: a sheet costs what one preview costs.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engines import sizes
from engines.kandinsky3 import movq, pictures

SIDE = 32  # latents; 256 pixels decoded
QUALITY = 80


@dataclass(frozen=True, slots=True)
class Sketch:
    """An estimate of x0, float32 [4, h, w] on the device, and the size of the picture that it becomes."""

    estimate: Tensor
    size: sizes.Size


@torch.inference_mode()
def jpegs(model: movq.MoVQ, sheets: Sequence[Sequence[Sketch]]) -> list[bytes]:
    """A JPEG for each sheet of sketches, longest side at most 8 * SIDE pixels; sketches of one shape are one batch."""
    pooled = [[_pooled(sketch.estimate, _columns(len(sheet))) for sketch in sheet] for sheet in sheets]
    batches: dict[torch.Size, list[Tensor]] = {}
    for latents in (one for sheet in pooled for one in sheet):
        batches.setdefault(latents.shape, []).append(latents)
    decoded = {shape: iter(model.decode_small(torch.stack(batch))) for shape, batch in batches.items()}
    return [
        _sheet([_tile(next(decoded[latents.shape]), sketch.size) for latents, sketch in zip(row, sheet, strict=True)])
        for row, sheet in zip(pooled, sheets, strict=True)
    ]


def _columns(number: int) -> int:
    return math.ceil(math.sqrt(number))


def _pooled(estimate: Tensor, columns: int) -> Tensor:
    """The estimate averaged down, so that `columns` of it are no longer than one picture and than SIDE."""
    height, width = estimate.shape[-2:]
    scale = min(1.0, SIDE / max(height, width)) / columns
    smaller = (max(1, round(height * scale)), max(1, round(width * scale)))
    return functional.adaptive_avg_pool2d(estimate, smaller)


def _tile(decoded: Tensor, size: sizes.Size) -> Image.Image:
    """The part of a small decoded canvas that the picture will be cut from."""
    height, width = decoded.shape[-2:]
    wanted = (
        max(1, round(width * size.width_px / size.canvas_width_px)),
        max(1, round(height * size.height_px / size.canvas_height_px)),
    )
    left, top = (width - wanted[0]) // 2, (height - wanted[1]) // 2
    whole = Image.fromarray(pictures.eight_bit(decoded).cpu().numpy())
    return whole.crop((left, top, left + wanted[0], top + wanted[1]))


def _sheet(tiles: Sequence[Image.Image]) -> bytes:
    """Tiles of one size in a square of rows and columns, as a JPEG."""
    columns = _columns(len(tiles))
    width, height = tiles[0].size
    sheet = Image.new("RGB", (columns * width, math.ceil(len(tiles) / columns) * height), "white")
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % columns * width, number // columns * height))
    file = io.BytesIO()
    sheet.save(file, format="JPEG", quality=QUALITY)
    return file.getvalue()
