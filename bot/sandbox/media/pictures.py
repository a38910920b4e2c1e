"""Photos as Telegram keeps them: several JPEG sizes, upright, without transparency or metadata.

Everything here is synchronous and takes milliseconds of CPU time: call it in a thread.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from bot.sandbox import errors

PHOTO_SIDES_PX = (90, 320, 800)  # the boxes of the smaller copies
LARGEST_SIDE_PX = 2560
MAX_SIDES_SUM_PX = 10_000
MAX_ASPECT_RATIO = 20
THUMBNAIL_SIDE_PX = 320
JPEG_QUALITY = 87
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")


@dataclass(frozen=True, slots=True)
class Picture:
    """One JPEG with its size in pixels."""

    width: int
    height: int
    jpeg: bytes


def photo_sizes(path: Path) -> list[Picture]:
    """Returns the copies of a photo, smallest first; the last one has the original size up to 2560 px.

    Raises BadRequest where Telegram would refuse the photo.
    """
    image = _upright(path)
    longest = max(image.size)
    sides = [side for side in PHOTO_SIDES_PX if side < longest]
    return [_encode(image, side) for side in (*sides, min(longest, LARGEST_SIDE_PX))]


def thumbnail(path: Path) -> Picture | None:
    """Returns a small copy of a picture file; None when the file is no picture."""
    try:
        return _encode(_upright(path), THUMBNAIL_SIDE_PX)
    except errors.BadRequest:
        return None


def shrink(image: Image.Image) -> Picture:
    """Returns a thumbnail of a decoded picture."""
    return _encode(image.convert("RGB"), THUMBNAIL_SIDE_PX)


def _upright(path: Path) -> Image.Image:
    try:
        with Image.open(path, formats=FORMATS) as image:
            check_dimensions(*image.size)
            upright = ImageOps.exif_transpose(image)
            if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
                opaque = Image.new("RGBA", upright.size, "white")
                opaque.alpha_composite(upright.convert("RGBA"))
                upright = opaque
            return upright.convert("RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as too_large:
        raise errors.BadRequest("PHOTO_INVALID_DIMENSIONS") from too_large
    except (OSError, ValueError, SyntaxError) as broken:  # what Pillow raises for damaged files
        raise errors.BadRequest("IMAGE_PROCESS_FAILED") from broken


def check_dimensions(width: int, height: int) -> None:
    """Raises BadRequest for a photo that Telegram finds too large or too narrow."""
    if width + height > MAX_SIDES_SUM_PX or max(width, height) > MAX_ASPECT_RATIO * min(width, height):
        raise errors.BadRequest("PHOTO_INVALID_DIMENSIONS")


def _encode(image: Image.Image, side_px: int) -> Picture:
    copy = image
    if max(image.size) > side_px:
        copy = image.copy()
        copy.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    copy.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return Picture(copy.width, copy.height, buffer.getvalue())
