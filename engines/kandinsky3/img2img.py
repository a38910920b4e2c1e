"""Image to image: a picture is noised part of the way and painted on from there with the base network.

There is no original code; this is the dialect of ai-forever/kandinsky3-diffusers, `kandinsky3img2img_pipeline.py`. Its
flag `cut_context` is on here: the base network was trained with contexts cut to the prompt. The picture keeps its
proportions: the networks want multiples of 64, so it lies in the middle of its canvas and is cut out of it again.
"""

from __future__ import annotations

from engines import guidance, sizes, tasks
from engines import media as files
from engines.kandinsky3 import canvas, fork_text, noise, sampler
from engines.kandinsky3.family import Family
from engines.kandinsky3.painting import Painting
from engines.kandinsky3.sampler import Variant
from engines.kandinsky3.words import Words

DIALECT = fork_text.Dialect(cut=True)


class ImageToImage:
    """The recipe of `tasks.ImageToImage`."""

    def __init__(self, family: Family, words: Words, profile: sizes.Profile) -> None:
        self._family = family
        self._words = words
        self._profile = profile

    def plan(self, task: tasks.ImageToImage) -> tuple[sampler.Step, ...]:
        return sampler.ddpm_plan(task.steps, guidance.of(task, self._profile), Variant.BASE, task.strength)

    def begin(self, task: tasks.ImageToImage, media: tasks.Media) -> list[Painting]:
        place = canvas.placed(files.decode(task.image, media), self._profile)
        start = canvas.encode(canvas.tensor(place.image), self._family)
        plan = self.plan(task)
        prompts = {Variant.BASE: self._prompt(task)}
        states = [
            sampler.begin(
                plan, prompts, noise.Seeded(task.seed, picture), start.shape, self._family.device, start=start
            )
            for picture in range(task.count)
        ]
        return [Painting(state, place.size, task.seed) for state in states]

    def _prompt(self, task: tasks.ImageToImage) -> sampler.Prompt:
        style = self._words.style(task.style)
        unwanted = style.negative_prompt(task.negative_prompt)
        positive = self._words.ids(task.prompt, style)
        negative = self._words.ids(unwanted) if unwanted else None
        with self._family.shelf.lease(self._family.projection(Variant.BASE)) as projection:
            return sampler.Prompt(*fork_text.contexts(self._words.hidden, projection, positive, negative, DIALECT))
