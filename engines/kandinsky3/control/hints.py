"""Pictures on the canvas to hints: what a control network is shown, float [3, h, w] in 0..1 on the CPU.

- edges: HED of the picture, white on black, as the networks were taught (the range is read off the fixtures and the
  habit of the field: nothing is published);
- depth: the picture *is* the depth map, near is white; its brightness counts. Depth is not estimated here;
- scribble: a drawing as it is, white strokes on black whichever way it was drawn; of any other picture, its edges
  thinned and thickened again to strokes of one width, as scribble networks are commonly taught.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engines.kandinsky3 import hed

CHANNELS = 3
# Of the common preparation of scribbles (controlnet_aux), which works at 512 px on the short side
_SIGMA_PX, _AT_PX = 3.0, 512
_EDGE = 127 / 255  # a thinned edge is at least this probable
_STROKE = 4 / 255  # what a blurred thin edge keeps of itself inside its stroke
# A drawing has hardly any grey between its two tones, and no colour; strokes cover the smaller part
_TONE = 0.15  # distance from black or white
_TWO_TONED = 0.9  # share of such pixels
_COLOURLESS = 0.1  # difference between channels, of the range


def edges(image: Image.Image, detector: hed.HED) -> Tensor:
    """The edges of a picture."""
    probable = _detected(image, detector)
    return probable.expand(CHANNELS, -1, -1)


def depth(image: Image.Image) -> Tensor:
    """A depth map as it was given."""
    return _grey(image).expand(CHANNELS, -1, -1)


def is_drawing(image: Image.Image) -> bool:
    """Whether a picture is a line drawing: two tones, no colours."""
    pixels = np.asarray(image.convert("RGB"), dtype=np.float32) / 255
    brightness = pixels.mean(axis=2)
    two_toned = np.minimum(brightness, 1 - brightness) < _TONE
    coloured = np.ptp(pixels, axis=2) > _COLOURLESS
    return bool((two_toned & ~coloured).mean() >= _TWO_TONED)


def drawing(image: Image.Image) -> Tensor:
    """A drawing as white strokes on black: the tone that covers less is the strokes'."""
    grey = _grey(image)
    strokes = grey if float(grey.mean()) < 0.5 else 1 - grey
    return strokes.expand(CHANNELS, -1, -1)


def scribble(image: Image.Image, detector: hed.HED) -> Tensor:
    """Strokes of one width along the edges of a picture, 0 or 1."""
    return strokes(_detected(image, detector)).expand(CHANNELS, -1, -1)


def strokes(probable: Tensor) -> Tensor:
    """Strokes of one width, 0 or 1, along the edges that a detector found, probabilities [1, h, w]."""
    sigma_px = _SIGMA_PX * min(probable.shape[-2:]) / _AT_PX
    smooth = blurred(probable, sigma_px)
    thin = ((smooth > _EDGE) & _on_a_ridge(smooth)).float()
    return (blurred(thin, sigma_px) > _STROKE).float()


@torch.inference_mode()
def _detected(image: Image.Image, detector: hed.HED) -> Tensor:
    picture = _tensor(np.asarray(image.convert("RGB")))
    probable: Tensor = detector(picture.unsqueeze(0))[0].cpu()
    return probable


def _grey(image: Image.Image) -> Tensor:
    return _tensor(np.asarray(image.convert("L"))[..., None])


def _tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """[c, h, w] in 0..1 of pixels [h, w, c]."""
    return torch.from_numpy(pixels.copy()).movedim(-1, 0).float() / 255


def _on_a_ridge(values: Tensor) -> Tensor:
    """Where a value [1, h, w] is the largest of three in a row in one of the four directions."""
    padded = functional.pad(values, (1, 1, 1, 1), value=-torch.inf)
    height, width = values.shape[-2:]

    def shifted(down: int, right: int) -> Tensor:
        return padded[:, 1 + down : 1 + down + height, 1 + right : 1 + right + width]

    directions = ((0, 1), (1, 0), (1, 1), (1, -1))
    return torch.stack(
        [(values >= shifted(down, right)) & (values >= shifted(-down, -right)) for down, right in directions]
    ).any(dim=0)


def blurred(values: Tensor, sigma_px: float) -> Tensor:
    """Gaussian blur of [1, h, w], edges replicated; the kernel reaches three standard deviations."""
    reach = max(1, round(3 * sigma_px))
    offsets = torch.arange(-reach, reach + 1, dtype=torch.float32)
    kernel = torch.exp(-(offsets**2) / (2 * sigma_px**2))
    kernel = kernel / kernel.sum()
    rows = functional.pad(values.unsqueeze(0), (reach, reach, reach, reach), mode="replicate")
    across = functional.conv2d(rows, kernel.reshape(1, 1, 1, -1))
    return functional.conv2d(across, kernel.reshape(1, 1, -1, 1))[0]
