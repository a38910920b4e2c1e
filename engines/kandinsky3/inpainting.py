"""Inpainting: what a mask marks is painted anew by the 9-channel network (paper, 5.3).

Source: ai-forever/Kandinsky-3 `inpainting_pipeline.py`, `utils.py`. Users mark with 1 what is new; the mask of the
network is the other way round, 1 where the picture is kept. Its input is x (4 channels), that mask (1), the latents of
the picture with grey in place of what is new (4). Its projection and its null embedding are its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from torch import Tensor
from torch.nn import functional

from engines import errors, guidance, sizes, tasks
from engines import media as files
from engines.kandinsky3 import canvas, movq, noise, sampler, unet
from engines.kandinsky3.family import Family
from engines.kandinsky3.painting import Painting
from engines.kandinsky3.sampler import Variant
from engines.kandinsky3.words import Words
from engines.painting import Kept

Mask = NDArray[np.float32]
SEAM_SHARE = 1 / 256  # of the shorter side: the width of the seam between kept and painted pixels
RATIO_TOLERANCE = 0.02  # by which a mask's proportions may differ from the picture's


@dataclass(frozen=True, slots=True)
class Marked:
    """A picture on the canvas, float32 [3, h, w] in [-1, 1], and its mask [1, h, w], 1 where it is kept."""

    picture: Tensor
    keep: Tensor

    @classmethod
    def of(cls, image: Image.Image, mask: Mask, width_px: int, height_px: int) -> Marked:
        """Both brought to the size of the canvas. `mask` [h, w] is 1 where the picture is new."""
        picture = canvas.tensor(image.resize((width_px, height_px), Image.Resampling.BICUBIC))
        return cls(picture, 1 - torch.from_numpy(resized(mask, width_px, height_px)).unsqueeze(0))

    @property
    def masked(self) -> Tensor:
        """The picture with mid grey wherever it is not wholly kept."""
        return self.picture * (self.keep == 1)

    @property
    def latent_keep(self) -> Tensor:
        """The network's mask [1, h/8, w/8]."""
        return functional.interpolate(self.keep.unsqueeze(0), scale_factor=1 / movq.FACTOR, mode="nearest")[0]


def condition(marked: Marked, masked_latents: Tensor) -> unet.Condition:
    """What the network sees beside x: its mask, then the latents [4, h/8, w/8] of the masked picture.

    Raises InvalidTask where nothing is left of the mask.
    """
    keep = marked.latent_keep.to(masked_latents.device)
    if bool((keep == 1).all()):
        raise errors.InvalidTask("the marked area is too small to be repainted: mark a larger one")
    return unet.Condition(channels=torch.cat([keep, masked_latents]))


def resized(mask: Mask, width_px: int, height_px: int) -> Mask:
    """A mask by linear interpolation between pixel centres, edges mirrored, without smoothing beforehand.

    The same as scikit-image's `resize` of order 1 without anti-aliasing, which the original calls.
    """
    rows, down = _between(mask.shape[0], height_px)
    columns, across = _between(mask.shape[1], width_px)
    upper = mask[rows[0]] * (1 - down[:, None]) + mask[rows[1]] * down[:, None]
    whole: Mask = (upper[:, columns[0]] * (1 - across) + upper[:, columns[1]] * across).astype(np.float32)
    return whole


def _between(own: int, wanted: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The two source pixels [2, wanted] of each target pixel along one side, and the share of the second."""
    position = (np.arange(wanted) + 0.5) * own / wanted - 0.5
    first = np.floor(position).astype(np.int64)
    both = np.stack([first, first + 1])
    mirrored = np.where(both < 0, -both, np.where(both >= own, 2 * (own - 1) - both, both))
    return mirrored.clip(0, own - 1), position - first


def seam(mask: Mask) -> Mask:
    """What is painted of each pixel: 0 outside the mask, so that kept pixels stay exactly; 1 a seam's width inside."""
    radius = max(1, round(min(mask.shape) * SEAM_SHARE))
    eight_bit = Image.fromarray((mask * 255).round().astype(np.uint8))
    softened = np.asarray(eight_bit.filter(ImageFilter.BoxBlur(radius)), dtype=np.float32) / np.float32(255)
    return mask * softened


class Repainting:
    """What inpainting and outpainting have in common."""

    def __init__(self, family: Family, words: Words, profile: sizes.Profile) -> None:
        self._family = family
        self._words = words
        self._profile = profile

    def plan(self, task: tasks.Inpaint | tasks.Outpaint) -> tuple[sampler.Step, ...]:
        closely = guidance.of(task, self._profile)
        return sampler.base_plan(task.steps, closely, sampler.INPAINTING_QUANTILE, variant=Variant.INPAINTING)

    def begin(self, task: tasks.Inpaint | tasks.Outpaint, image: Image.Image, mask: Mask) -> list[Painting]:
        """A painting for each picture of the task; `mask` [h, w], as large as the image, is 1 where it is new."""
        width_px, height_px = sizes.fitting(self._profile, *image.size)
        marked = Marked.of(image, mask, width_px, height_px)
        seen = condition(marked, canvas.encode(marked.masked, self._family))
        prompts = self._words.prompts(self._words.ids(task.prompt), task.negative_prompt, [Variant.INPAINTING])
        kept = Kept(np.asarray(image), seam(mask)) if task.keep_pixels else None
        size = sizes.Size(width_px, height_px, width_px, height_px)
        shape = (4, height_px // movq.FACTOR, width_px // movq.FACTOR)
        plan = self.plan(task)
        states = [
            sampler.begin(plan, prompts, noise.Seeded(task.seed, picture), shape, self._family.device, condition=seen)
            for picture in range(task.count)
        ]
        return [Painting(state, size, task.seed, kept) for state in states]


class Inpaint:
    """The recipe of `tasks.Inpaint`."""

    def __init__(self, repainting: Repainting) -> None:
        self._repainting = repainting

    def plan(self, task: tasks.Inpaint) -> tuple[sampler.Step, ...]:
        return self._repainting.plan(task)

    def begin(self, task: tasks.Inpaint, media: tasks.Media) -> list[Painting]:
        return self._repainting.begin(task, *marked_picture(task, media))


def marked_picture(task: tasks.Inpaint, media: tasks.Media) -> tuple[Image.Image, Mask]:
    """The picture of a task and, in its size, the mask. Raises InvalidTask.

    The mask is what was painted and no wider. The original's notebook first passes its masks through `prepare_mask`:
    three times a kernel of 5x5, then all above 0, which adds 6 pixels on each side (fewer to masks of uint8, where
    fractions are cut off). Its pipeline has no part in that, and neither have we: pixels that nobody marked are
    promised to stay, six pixels are much of a small picture and nothing of a large one, and whoever marks by hand sees
    how far the mark reaches. So conformance leaves `prepare_mask.*` of the golden file out.
    """
    image = files.decode(task.image, media)
    mask = _of_size(files.decode_mask(task.mask, media), image.size)
    if not mask.any():
        raise errors.InvalidTask("the mask marks nothing: paint white what should be new")
    return image, mask


def _of_size(mask: Mask, size_px: tuple[int, int]) -> Mask:
    """A mask in the size of its picture. Raises InvalidTask where the proportions are others."""
    width_px, height_px = size_px
    own_height, own_width = mask.shape
    if abs(own_width * height_px / (own_height * width_px) - 1) > RATIO_TOLERANCE:
        raise errors.InvalidTask(
            f"the mask is {own_width}x{own_height} and the picture {width_px}x{height_px}: give them the same size"
        )
    return mask if (own_width, own_height) == size_px else resized(mask, width_px, height_px)
