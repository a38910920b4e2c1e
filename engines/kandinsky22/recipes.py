"""How each kind begins: its prompts and pictures become meanings, its canvas becomes latents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch

from engines import sizes, tasks
from engines.kandinsky3 import movq, noise
from engines.kandinsky22 import sampler
from engines.kandinsky22.meanings import Meaning, Meanings
from engines.kandinsky22.painting import Painting
from engines.kandinsky22.parts import Parts

PRIOR_STEPS: Final = 25  # as the stock pipelines have it, and the guidance too
PRIOR_GUIDANCE: Final = 4.0


@dataclass(frozen=True, slots=True)
class Setting:
    """What all recipes need: the components, what makes meanings, and the canvases of the profile."""

    parts: Parts
    meanings: Meanings
    ratios: Mapping[tasks.AspectRatio, sizes.Size]

    def prior(self) -> tuple[sampler.Step, ...]:
        """The steps of the prior."""
        return sampler.plan(self.parts.prior_schedule, sampler.Network.PRIOR, PRIOR_STEPS, PRIOR_GUIDANCE)

    def decoder(
        self, steps: int, guidance: float, network: sampler.Network = sampler.Network.DECODER, strength: float = 1.0
    ) -> tuple[sampler.Step, ...]:
        """The steps of a decoder; `guidance` is the w of (w+1)c - wu, which is s - 1 here."""
        return sampler.plan(self.parts.schedule, network, steps, guidance + 1, strength)


class TextToImage:
    """The recipe of `tasks.TextToImage`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def plan(self, task: tasks.TextToImage) -> tuple[sampler.Step, ...]:
        return (*self._setting.prior(), *self._setting.decoder(task.steps, task.guidance))

    def begin(self, task: tasks.TextToImage, media: tasks.Media) -> list[Painting]:
        size = self._setting.ratios[task.aspect_ratio]
        plan = self.plan(task)
        paintings = []
        for picture in range(task.count):
            source = noise.Seeded(task.seed, picture)
            meaning = self._setting.meanings.of_words(task.prompt, task.negative_prompt, task.style, source)
            paintings.append(
                Painting(_pure_noise(plan, source, meaning, size, self._setting.parts.device), size, task.seed)
            )
        return paintings


class ImageFusion:
    """The recipe of `tasks.ImageFusion`: the decoder paints the weighted sum of embeddings."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def plan(self, task: tasks.ImageFusion) -> tuple[sampler.Step, ...]:
        decoder = self._setting.decoder(task.steps, task.guidance)
        return (*self._setting.prior(), *decoder) if task.negative_prompt else decoder

    def begin(self, task: tasks.ImageFusion, media: tasks.Media) -> list[Painting]:
        size = self._setting.ratios[task.aspect_ratio]
        plan = self.plan(task)
        paintings = []
        for picture in range(task.count):
            source = noise.Seeded(task.seed, picture)
            meaning = self._setting.meanings.of_images(task.images, task.negative_prompt, media, source)
            paintings.append(
                Painting(_pure_noise(plan, source, meaning, size, self._setting.parts.device), size, task.seed)
            )
        return paintings


def _pure_noise(
    plan: tuple[sampler.Step, ...],
    source: noise.NoiseSource,
    meaning: Meaning,
    size: sizes.Size,
    device: torch.device,
) -> sampler.State:
    shape = (4, size.canvas_height_px // movq.FACTOR, size.canvas_width_px // movq.FACTOR)
    latents = source.draw(sampler.DECODER_DRAWS, shape).to(device)
    return sampler.State(plan, source, latents, meaning.ideas, meaning.wanted, meaning.unwanted)
