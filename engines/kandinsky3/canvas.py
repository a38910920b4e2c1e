"""Pictures that come in, on the canvas of the networks: resized, as tensors in [-1, 1], and as latents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engines import sizes
from engines.kandinsky3.family import Family


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture on a canvas, and the part of the canvas that is the picture: its centre."""

    image: Image.Image
    size: sizes.Size


def tensor(image: Image.Image) -> Tensor:
    """An RGB picture as float32 [3, h, w] in [-1, 1]."""
    pixels = torch.from_numpy(np.array(image, dtype=np.float32))
    return pixels.movedim(-1, 0) / 127.5 - 1


def placed(image: Image.Image, profile: sizes.Profile) -> Placed:
    """A picture in the middle of its canvas, in its own proportions; what is left of the canvas mirrors its edges."""
    canvas = sizes.fitting(profile, *image.size)
    scale = min(side / own for side, own in zip(canvas, image.size, strict=True))
    width, height = (min(side, max(1, round(own * scale))) for side, own in zip(canvas, image.size, strict=True))
    fitted = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=1.0))
    left, top = (canvas[0] - width) // 2, (canvas[1] - height) // 2
    around = ((top, canvas[1] - height - top), (left, canvas[0] - width - left), (0, 0))
    return Placed(Image.fromarray(np.pad(fitted, around, mode="symmetric")), sizes.Size(width, height, *canvas))


@torch.inference_mode()
def encode(picture: Tensor, family: Family) -> Tensor:
    """Float32 latents [4, h/8, w/8] of one picture [3, h, w], on the device. Raises EngineError."""
    with family.shelf.lease(family.movq) as model:
        latents: Tensor = model.encode(picture.unsqueeze(0))[0]
    return latents
