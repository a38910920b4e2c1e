"""Pictures from pictures: variation, fusion, images with text (paper, 5.4); all sample with the image prompt's network.

Equal tasks give equal pictures, and all three kinds, of any prompts and weights, share a batch on one canvas.
"""

from __future__ import annotations

from collections.abc import Sequence

from engines import guidance, sizes, tasks
from engines.kandinsky3 import movq, noise, sampler
from engines.kandinsky3.family import Family
from engines.kandinsky3.image_words import ImageWords
from engines.kandinsky3.painting import Painting

_VARIANT = sampler.Variant.IMAGE_PROMPT
ImageTask = tasks.ImageVariation | tasks.ImageFusion | tasks.ImageTextFusion


class ImagePrompted:
    """The recipe of `tasks.ImageVariation`, `ImageFusion` and `ImageTextFusion`; dialect of the fork."""

    def __init__(self, family: Family, image_words: ImageWords, profile: sizes.Profile) -> None:
        self._family = family
        self._image_words = image_words
        self._profile = profile

    def plan(self, task: ImageTask) -> tuple[sampler.Step, ...]:
        return sampler.ddpm_plan(task.steps, guidance.of(task, self._profile), _VARIANT)

    def begin(self, task: ImageTask, media: tasks.Media) -> list[Painting]:
        size = sizes.SIZES[self._profile][task.aspect_ratio]
        plan = self.plan(task)
        said, weight = self._image_words.manner.stock_text, 1.0
        if isinstance(task, tasks.ImageTextFusion):
            said, weight = task.prompt, task.image_weight
        sight = self._image_words.sight(_images(task), weight, media)
        prompts = {_VARIANT: self._image_words.prompt(said, task.negative_prompt, sight)}
        shape = (4, size.canvas_height_px // movq.FACTOR, size.canvas_width_px // movq.FACTOR)
        return [
            Painting(
                sampler.begin(plan, prompts, noise.Seeded(task.seed, picture), shape, self._family.device),
                size,
                task.seed,
            )
            for picture in range(task.count)
        ]


def _images(task: ImageTask) -> Sequence[tasks.WeightedImage]:
    if isinstance(task, tasks.ImageVariation):
        return (tasks.WeightedImage(image=task.image, weight=1.0),)
    return task.images
