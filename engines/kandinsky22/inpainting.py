"""Inpainting with Kandinsky 2.2: a decoder of nine channels, whose kept latents are put back after every step.

Source: diffusers `pipelines/kandinsky2_2/pipeline_kandinsky2_2_inpainting.py`. It differs from Kandinsky 3: the network
sees x, the latents of the picture without its marked part, then the mask; the mask is hard, and a little larger than
what is marked.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engines import errors, sizes, tasks
from engines.kandinsky3 import canvas, inpainting, movq, noise
from engines.kandinsky22 import sampler
from engines.kandinsky22.painting import Painting
from engines.kandinsky22.recipes import Plan, Setting, each
from engines.kandinsky22.sampler import Network
from engines.painting import Kept

# Latents from which a marked one spreads: itself, and the six neighbours that the stock pipeline visits.
_SPREAD = ((0, 0), (1, 0), (0, 1), (1, 1), (-1, 0), (0, -1), (-1, -1))


class Inpaint:
    """The recipe of `tasks.Inpaint`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def plan(self, task: tasks.Inpaint) -> Plan:
        decoder = self._setting.decoder(task.steps, self._setting.guidance(task), network=Network.INPAINTING)
        return (*self._setting.prior(), *decoder)

    def begin(self, task: tasks.Inpaint, media: tasks.Media) -> list[Painting]:
        self._setting.parts.decoder(Network.INPAINTING)  # missed before anything else is loaded
        image, mask = inpainting.marked_picture(task, media)
        width_px, height_px = sizes.fitting(self._setting.profile, *image.size)
        picture = canvas.tensor(image.resize((width_px, height_px), Image.Resampling.BICUBIC, reducing_gap=1.0))
        known = self._setting.encode(picture)
        condition = sampler.Condition(known=known, keep=keep(mask, width_px, height_px).to(known.device))
        size = sizes.Size(width_px, height_px, width_px, height_px)
        kept = Kept(np.asarray(image), inpainting.seam(mask)) if task.keep_pixels else None
        plan = self.plan(task)

        def begin(source: noise.NoiseSource) -> sampler.State:
            meaning = self._setting.meanings.of_words(task.prompt, task.negative_prompt, "", source)
            return self._setting.begun(plan, meaning, source, size, condition=condition)

        return each(task.seed, task.count, size, begin, kept)


def keep(mask: NDArray[np.float32], width_px: int, height_px: int) -> Tensor:
    """The mask [1, h/8, w/8] of the latents, 1 where they stay, of a mask [h, w] that is 1 where the picture is new.

    Raises InvalidTask where nothing is left of it.
    """
    eight_bit = Image.fromarray((mask * 255).round().astype(np.uint8))
    on_canvas = np.asarray(eight_bit.resize((width_px, height_px), Image.Resampling.LANCZOS), dtype=np.float32) / 255
    new = torch.from_numpy((on_canvas >= 0.5).astype(np.float32))
    latent = functional.interpolate(new[None, None], scale_factor=1 / movq.FACTOR, mode="nearest")[0]
    if not latent.any():
        raise errors.InvalidTask("the marked area is too small to be repainted: mark a larger one")
    return 1 - spread(latent)


def spread(new: Tensor) -> Tensor:
    """A mask of zeros and ones [..., h, w] with every one spread to its neighbours, but not along one diagonal."""
    padded = functional.pad(new, (1, 1, 1, 1))
    height, width = new.shape[-2:]
    shifted = [padded[..., 1 + down : 1 + down + height, 1 + right : 1 + right + width] for down, right in _SPREAD]
    return torch.stack(shifted).amax(dim=0)
