"""Decoded pictures to files: the 8-bit rule of the original, the crop to the ratio or the pixels that stay, PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from engines import sizes, tasks

if TYPE_CHECKING:
    from engines.painting import Kept

# PNG: 3 takes about a third of the default's time for a tenth more bytes, and the device waits for it
COMPRESSION = 3


class Framed(Protocol):
    """What a picture will be, whichever model paints it."""

    @property
    def size(self) -> sizes.Size:
        """The canvas and what is cut out of it."""
        ...

    @property
    def seed(self) -> int:
        """The seed that repeats it."""
        ...

    @property
    def kept(self) -> Kept | None:
        """What is laid over it."""
        ...


def unit(decoded: Tensor) -> Tensor:
    """[-1, 1] to [0, 1], clipped; any shape."""
    return ((decoded + 1) / 2).clamp(0, 1)


def eight_bit(decoded: Tensor) -> Tensor:
    """Pictures [..., 3, h, w] in [-1, 1] as uint8 [..., h, w, 3], truncated as the original does."""
    return (unit(decoded) * 255).to(torch.uint8).movedim(-3, -1)


def finished(decoded: Tensor, painting: Framed) -> tasks.Picture:
    """The result of a painting from its decoded picture [3, h, w]: cropped, or laid under the pixels that stay."""
    pixels = eight_bit(decoded).cpu().numpy()
    if painting.kept is not None:
        pixels = painting.kept.over(pixels)
    else:
        pixels = _centre(pixels, painting.size.width_px, painting.size.height_px)
    height_px, width_px = pixels.shape[:2]
    return tasks.Picture(png(pixels), width_px, height_px, painting.seed)


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A picture [h, w, 3] as a PNG without metadata."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG", compress_level=COMPRESSION)
    return file.getvalue()


def _centre(pixels: NDArray[np.uint8], width_px: int, height_px: int) -> NDArray[np.uint8]:
    top, left = (pixels.shape[0] - height_px) // 2, (pixels.shape[1] - width_px) // 2
    return pixels[top : top + height_px, left : left + width_px]
