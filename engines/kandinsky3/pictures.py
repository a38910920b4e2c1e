"""Decoded pictures to files: the 8-bit rule of the original, the crop to the exact ratio, PNG."""

from __future__ import annotations

import io

import torch
from PIL import Image
from torch import Tensor

# PNG: 3 takes about a third of the default's time for a tenth more bytes, and the device waits for it
COMPRESSION = 3


def unit(decoded: Tensor) -> Tensor:
    """[-1, 1] to [0, 1], clipped; any shape."""
    return ((decoded + 1) / 2).clamp(0, 1)


def eight_bit(decoded: Tensor) -> Tensor:
    """Pictures [..., 3, h, w] in [-1, 1] as uint8 [..., h, w, 3], truncated as the original does."""
    return (unit(decoded) * 255).to(torch.uint8).movedim(-3, -1)


def png(decoded: Tensor, width_px: int, height_px: int) -> bytes:
    """The centre of one decoded picture [3, h, w] as a PNG without metadata."""
    pixels = eight_bit(decoded).cpu().numpy()
    top, left = (pixels.shape[0] - height_px) // 2, (pixels.shape[1] - width_px) // 2
    centre = pixels[top : top + height_px, left : left + width_px]
    file = io.BytesIO()
    Image.fromarray(centre).save(file, format="PNG", compress_level=COMPRESSION)
    return file.getvalue()
