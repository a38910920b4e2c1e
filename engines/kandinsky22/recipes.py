"""How each kind begins: its prompts and pictures become meanings, its canvas becomes latents.

Tasks give guidance in the convention of Kandinsky 3, w of (w+1)c - wu; here it is s = w + 1 of u + s(c - u).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from engines import guidance as usual
from engines import media as files
from engines import sizes, tasks
from engines.kandinsky3 import canvas, movq, noise
from engines.kandinsky22 import sampler
from engines.kandinsky22.meanings import Meaning, Meanings
from engines.kandinsky22.painting import Painting
from engines.kandinsky22.parts import Parts
from engines.kandinsky22.sampler import Network
from engines.painting import Kept

PRIOR_STEPS: Final = 25  # as the stock pipelines have it, and the big family's guidance too
# The small prior overshoots: off its embeddings a linear map reads 95 % of the shapes at 2, and 86 % at 4.
PRIOR_GUIDANCE: Final[Mapping[sizes.Profile, float]] = {sizes.Profile.MINI: 2.0, sizes.Profile.KANDINSKY3: 4.0}

Plan = tuple[sampler.Step, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """What all recipes need."""

    parts: Parts
    meanings: Meanings
    profile: sizes.Profile

    def guidance(self, task: usual.Guided) -> float:
        """The guidance of a task, in the convention of Kandinsky 3."""
        return usual.of(task, self.profile)

    def prior(self) -> Plan:
        """The steps of the prior."""
        return sampler.plan(self.parts.prior_schedule, Network.PRIOR, PRIOR_STEPS, PRIOR_GUIDANCE[self.profile])

    def decoder(self, steps: int, guidance: float, strength: float = 1.0, network: Network = Network.DECODER) -> Plan:
        """The steps of a decoder; a strength below 1 keeps the last share of them."""
        return sampler.plan(self.parts.schedule, network, steps, guidance + 1, strength)

    def begun(
        self,
        plan: Plan,
        meaning: Meaning,
        source: noise.NoiseSource,
        size: sizes.Size,
        *,
        start: Tensor | None = None,
        condition: sampler.Condition = sampler.NO_CONDITION,
    ) -> sampler.State:
        """A state of pure noise, or of `start` (latents) noised to the first step of the decoder."""
        shape = (4, size.canvas_height_px // movq.FACTOR, size.canvas_width_px // movq.FACTOR)
        latents = source.draw(sampler.DECODER_DRAWS, shape).to(self.parts.device)
        if start is not None:
            first = next(step for step in plan if step.network is not Network.PRIOR)
            latents = self.parts.schedule.noised(start, first.t, latents)
        return sampler.State(plan, source, latents, meaning.ideas, meaning.wanted, meaning.unwanted, condition)

    @torch.inference_mode()
    def encode(self, picture: Tensor) -> Tensor:
        """Float32 latents [4, h/8, w/8] of one picture [3, h, w] in [-1, 1], on the device."""
        with self.parts.shelf.lease(self.parts.movq) as model:
            latents: Tensor = model.encode(picture.unsqueeze(0))[0]
        return latents


def each(
    seed: int,
    count: int,
    size: sizes.Size,
    begin: Callable[[noise.NoiseSource], sampler.State],
    kept: Kept | None = None,
) -> list[Painting]:
    """A painting for each picture of a task, which differ by their noise alone."""
    states = [begin(noise.Seeded(seed, picture)) for picture in range(count)]
    return [Painting(state, size, seed, kept) for state in states]


class TextToImage:
    """The recipe of `tasks.TextToImage`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def plan(self, task: tasks.TextToImage) -> Plan:
        return (*self._setting.prior(), *self._setting.decoder(task.steps, self._setting.guidance(task)))

    def begin(self, task: tasks.TextToImage, media: tasks.Media) -> list[Painting]:
        size, plan = sizes.SIZES[self._setting.profile][task.aspect_ratio], self.plan(task)

        def begin(source: noise.NoiseSource) -> sampler.State:
            meaning = self._setting.meanings.of_words(task.prompt, task.negative_prompt, task.style, source)
            return self._setting.begun(plan, meaning, source, size)

        return each(task.seed, task.count, size, begin)


class ImageFusion:
    """The recipe of `tasks.ImageFusion`: the decoder paints the weighted sum of embeddings."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def plan(self, task: tasks.ImageFusion | tasks.ImageVariation) -> Plan:
        """The prior has work only where a negative prompt is to be imagined."""
        decoder = self._setting.decoder(task.steps, self._setting.guidance(task))
        return (*self._setting.prior(), *decoder) if task.negative_prompt else decoder

    def begin(self, task: tasks.ImageFusion, media: tasks.Media) -> list[Painting]:
        return self.of(task.images, task, media)

    def of(
        self,
        images: Sequence[tasks.WeightedImage],
        task: tasks.ImageFusion | tasks.ImageVariation,
        media: tasks.Media,
    ) -> list[Painting]:
        """The beginnings of a task's pictures of these images. Raises InvalidTask."""
        size, plan = sizes.SIZES[self._setting.profile][task.aspect_ratio], self.plan(task)

        def begin(source: noise.NoiseSource) -> sampler.State:
            meaning = self._setting.meanings.of_images(images, task.negative_prompt, media, source)
            return self._setting.begun(plan, meaning, source, size)

        return each(task.seed, task.count, size, begin)


class ImageVariation:
    """The recipe of `tasks.ImageVariation`: a fusion of one picture."""

    def __init__(self, setting: Setting) -> None:
        self._fusion = ImageFusion(setting)

    def plan(self, task: tasks.ImageVariation) -> Plan:
        return self._fusion.plan(task)

    def begin(self, task: tasks.ImageVariation, media: tasks.Media) -> list[Painting]:
        return self._fusion.of([tasks.WeightedImage(image=task.image, weight=1.0)], task, media)


class ImageTextFusion:
    """The recipe of `tasks.ImageTextFusion`: the decoder paints a mix of what is said and what is shown."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def plan(self, task: tasks.ImageTextFusion) -> Plan:
        return (*self._setting.prior(), *self._setting.decoder(task.steps, self._setting.guidance(task)))

    def begin(self, task: tasks.ImageTextFusion, media: tasks.Media) -> list[Painting]:
        size, plan = sizes.SIZES[self._setting.profile][task.aspect_ratio], self.plan(task)

        def begin(source: noise.NoiseSource) -> sampler.State:
            return self._setting.begun(plan, self._setting.meanings.of_both(task, media, source), source, size)

        return each(task.seed, task.count, size, begin)


class ImageToImage:
    """The recipe of `tasks.ImageToImage`; the picture lies in the middle of its canvas, as with Kandinsky 3."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def plan(self, task: tasks.ImageToImage) -> Plan:
        return (*self._setting.prior(), *self._setting.decoder(task.steps, self._setting.guidance(task), task.strength))

    def begin(self, task: tasks.ImageToImage, media: tasks.Media) -> list[Painting]:
        place, plan = canvas.placed(files.decode(task.image, media), self._setting.profile), self.plan(task)
        start = self._setting.encode(canvas.tensor(place.image))

        def begin(source: noise.NoiseSource) -> sampler.State:
            meaning = self._setting.meanings.of_words(task.prompt, task.negative_prompt, task.style, source)
            return self._setting.begun(plan, meaning, source, place.size, start=start)

        return each(task.seed, task.count, place.size, begin)
