"""Pictures from outside: checked before they are decoded, turned upright, in plain RGB.

A task names its files; their bytes come beside it (`tasks.Media`). Every failure is an InvalidTask whose text says what
is wrong with which file.
"""

from __future__ import annotations

import io
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from engines import errors, tasks

FORMATS = ("PNG", "JPEG", "WEBP")
PIXEL_LIMIT = 50_000_000  # twice what Telegram takes as a photo (width + height <= 10000)
SIDE_LIMIT = 65_535  # the longest of a JPEG; canvases are as wide as networks want, so a thread of pixels fills memory
_BROKEN = (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError)  # what Pillow raises for bad files
# What turns a picture upright, by the orientation that its EXIF names; 1 is upright, and others are not defined.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_SIXTEEN_BIT = 257  # 65535 / 255

# What Pillow says of bombs and of odd EXIF is told by a refusal, or is no matter: a terminal should not show it.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")


def decode(name: str, media: tasks.Media, *, pixel_limit: int = PIXEL_LIMIT) -> Image.Image:
    """A picture as RGB, upright, without metadata; what is transparent is white. Raises InvalidTask."""
    image = _upright(name, media, pixel_limit)
    if _is_transparent(image):
        page = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(page, image.convert("RGBA"))
    return _plain(image.convert("RGB"))


def decode_mask(name: str, media: tasks.Media, *, pixel_limit: int = PIXEL_LIMIT) -> NDArray[np.float32]:
    """A mask as float32 [h, w] in 0..1: white is 1, black and transparent are 0. Raises InvalidTask."""
    image = _upright(name, media, pixel_limit)
    if _is_transparent(image):
        page = Image.new("RGBA", image.size, "black")
        image = Image.alpha_composite(page, image.convert("RGBA"))
    return np.asarray(image.convert("L"), dtype=np.float32) / np.float32(255)


def _upright(name: str, media: tasks.Media, pixel_limit: int) -> Image.Image:
    if name not in media:
        raise errors.InvalidTask(f"the file {name} was not given with the task")
    try:
        with Image.open(io.BytesIO(media[name]), formats=FORMATS) as image:
            _check_size(name, image, pixel_limit)
            image.load()
            return _eight_bit(_turned(image))
    except _TOO_LARGE as error:
        raise errors.InvalidTask(f"{name} has too many pixels; the limit is {pixel_limit}") from error
    except _BROKEN as error:
        raise errors.InvalidTask(f"{name} cannot be read as a PNG, JPEG or WebP picture") from error


def _check_size(name: str, image: Image.Image, pixel_limit: int) -> None:
    if image.width * image.height > pixel_limit:
        size = f"{image.width}x{image.height}"
        raise errors.InvalidTask(f"{name} has too many pixels ({size}); the limit is {pixel_limit}")
    if max(image.size) > SIDE_LIMIT:
        raise errors.InvalidTask(
            f"{name} is too long ({image.width}x{image.height} pixels); the limit is {SIDE_LIMIT} a side"
        )


def _turned(image: Image.Image) -> Image.Image:
    """The picture upright. Of its EXIF only the orientation is read, and an EXIF without sense says nothing.

    Pillow's own way writes the EXIF anew, and fails at entries that a camera or an editor garbled.
    """
    try:
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except _BROKEN:
        return image
    return image if turn is None else image.transpose(turn)


def _eight_bit(image: Image.Image) -> Image.Image:
    """Grey of 16 bits scaled to 8; Pillow itself would clip it."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image) / _SIXTEEN_BIT).clip(0, 255).round().astype(np.uint8))


def _is_transparent(image: Image.Image) -> bool:
    return "A" in image.getbands() or "transparency" in image.info


def _plain(image: Image.Image) -> Image.Image:
    """The same pixels and nothing else."""
    return Image.fromarray(np.asarray(image))
