"""Text to image: a prompt becomes pure noise and a plan (paper, sections 3, 4 and 5.2)."""

from __future__ import annotations

from engines import guidance, sizes, tasks
from engines.kandinsky3 import movq, noise, sampler
from engines.kandinsky3.family import Family
from engines.kandinsky3.painting import Painting
from engines.kandinsky3.words import Words


class TextToImage:
    """The recipe of `tasks.TextToImage`; dialect of the original."""

    def __init__(self, family: Family, words: Words, profile: sizes.Profile) -> None:
        self._family = family
        self._words = words
        self._profile = profile

    def plan(self, task: tasks.TextToImage) -> tuple[sampler.Step, ...]:
        if task.model is tasks.Model.KANDINSKY_3_FLASH:
            return sampler.flash_plan()
        base = sampler.base_plan(task.steps, guidance.of(task, self._profile))
        return (*base, *sampler.refiner_plan()) if task.refine else base

    def begin(self, task: tasks.TextToImage, media: tasks.Media) -> list[Painting]:
        size = sizes.SIZES[self._profile][task.aspect_ratio]
        plan = self.plan(task)
        style = self._words.style(task.style)
        unwanted = style.negative_prompt(task.negative_prompt)
        positive = self._words.ids(task.prompt, style)
        prompts = self._words.prompts(positive, unwanted, {step.variant for step in plan})
        shape = (4, size.canvas_height_px // movq.FACTOR, size.canvas_width_px // movq.FACTOR)
        return [
            Painting(
                sampler.begin(plan, prompts, noise.Seeded(task.seed, picture), shape, self._family.device),
                size,
                task.seed,
            )
            for picture in range(task.count)
        ]
