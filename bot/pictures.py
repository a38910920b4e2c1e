"""What pictures look like in the chat: small ones enlarged, everything else as it is."""

from __future__ import annotations

import asyncio
import io
import math
from collections.abc import Sequence
from typing import Final

from aiogram.types import BufferedInputFile
from PIL import Image

SHOWN_AT_LEAST_PX: Final = 512  # longer side; clients show smaller photos as a postage stamp
PREVIEW_QUALITY: Final = 80


def for_chat(png: bytes) -> bytes:
    """The picture as it is shown: PNG bytes whose longer side is at least 512 px.

    Small pictures grow by a whole factor with the Lanczos kernel, so that their proportions stay exact; the file that
    "as file" sends is always the original.
    """
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        longer = max(image.size)
        if longer >= SHOWN_AT_LEAST_PX:
            return png
        factor = math.ceil(SHOWN_AT_LEAST_PX / longer)
        enlarged = image.convert("RGB").resize((image.width * factor, image.height * factor), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    enlarged.save(out, format="PNG")
    return out.getvalue()


def preview_for_chat(jpeg: bytes) -> bytes:
    """A preview in the size of a result, so that the message keeps its place while the picture grows: JPEG bytes."""
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        scale = SHOWN_AT_LEAST_PX / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        enlarged = image.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    out = io.BytesIO()
    enlarged.save(out, format="JPEG", quality=PREVIEW_QUALITY)
    return out.getvalue()


async def files_for_chat(job_id: int, originals: Sequence[bytes]) -> list[BufferedInputFile]:
    """The pictures of a job as they are sent to a chat, named by us."""
    shown = [await asyncio.to_thread(for_chat, original) for original in originals]
    return [BufferedInputFile(png, f"kandinsky-{job_id}-{number}.png") for number, png in enumerate(shown, 1)]
