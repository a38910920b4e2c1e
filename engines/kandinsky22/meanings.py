"""What a picture should mean: embeddings of prompts and of pictures, in the way of the stock prior pipeline."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from torch import Tensor

from engines import media as files
from engines import tasks
from engines.kandinsky3 import image_encoder
from engines.kandinsky3.noise import NoiseSource
from engines.kandinsky22 import sampler
from engines.kandinsky22.parts import Parts
from engines.kandinsky22.words import Text, Words

CACHED_IMAGES: Final = 256  # embeddings, 5 KB each


@dataclass(frozen=True, slots=True)
class Meaning:
    """Embeddings [d] that are known, and ideas that the prior turns into such; see `sampler.State`."""

    ideas: tuple[sampler.Idea, ...] = ()
    wanted: Tensor | None = None
    unwanted: Tensor | None = None


class Meanings:
    """Makes meanings; embeddings of pictures are remembered by the content of the files."""

    def __init__(self, parts: Parts, words: Words) -> None:
        self._parts = parts
        self._words = words
        self._seen: OrderedDict[bytes, Tensor] = OrderedDict()

    def of_words(self, prompt: str, negative_prompt: str, style: str, noise: NoiseSource) -> Meaning:
        """A prompt's. Without a negative prompt the unwanted embedding is that of a picture tensor of zeros.

        A negative prompt is imagined too. In the stock pipeline it is guided away from itself, which is no guidance.
        """
        unwanted = self._words.unwanted(negative_prompt, style)
        against = self._words.say("") if unwanted is None else unwanted
        wanted = self._idea(self._words.say(prompt, style), against, noise, sampler.WANTED_DRAWS)
        if unwanted is None:
            return Meaning((wanted,), unwanted=self._nothing())
        return Meaning((wanted, self._idea(unwanted, None, noise, sampler.UNWANTED_DRAWS)))

    def of_images(
        self, images: Sequence[tasks.WeightedImage], negative_prompt: str, media: tasks.Media, noise: NoiseSource
    ) -> Meaning:
        """The weighted sum of pictures, weights as they are. Raises InvalidTask for a file that is no picture.

        A negative prompt is imagined as the stock pipeline mixes: guided away from the empty prompt.
        """
        wanted, unwanted = self._fused(images, media), self._words.unwanted(negative_prompt)
        if unwanted is None:
            return Meaning(wanted=wanted, unwanted=self._nothing())
        return Meaning((self._unwanted_idea(unwanted, noise),), wanted=wanted)

    def of_both(self, task: tasks.ImageTextFusion, media: tasks.Media, noise: NoiseSource) -> Meaning:
        """A prompt's embedding and the sum of pictures, in the shares 1 : image_weight. Raises as `of_images`.

        As the stock pipeline mixes, the prompt is guided away from the negative prompt.
        """
        whole = 1 + task.image_weight
        unwanted = self._words.unwanted(task.negative_prompt)
        against = self._words.say("") if unwanted is None else unwanted
        wanted = dataclasses.replace(
            self._idea(self._words.say(task.prompt), against, noise, sampler.WANTED_DRAWS),
            share=1 / whole,
            beside=self._fused(task.images, media) * (task.image_weight / whole),
        )
        if unwanted is None:
            return Meaning((wanted,), unwanted=self._nothing())
        return Meaning((wanted, self._unwanted_idea(unwanted, noise)))

    def _fused(self, images: Sequence[tasks.WeightedImage], media: tasks.Media) -> Tensor:
        """The weighted sum [d] of the embeddings of pictures, on the device."""
        shown = [self._embedding(image.image, media) for image in images]
        return image_encoder.fused(shown, [image.weight for image in images]).to(self._parts.device)

    def _unwanted_idea(self, unwanted: Text, noise: NoiseSource) -> sampler.Idea:
        return self._idea(unwanted, self._words.say(""), noise, sampler.UNWANTED_DRAWS)

    def _idea(self, text: Text, against: Text | None, noise: NoiseSource, first_draw: int) -> sampler.Idea:
        return sampler.idea(text, against, noise, first_draw, self._parts.device)

    def _embedding(self, name: str, media: tasks.Media) -> Tensor:
        key = hashlib.sha256(media.get(name, b"")).digest()
        if key not in self._seen:
            image = files.decode(name, media)
            with self._parts.shelf.lease(self._parts.image_encoder) as encoder:
                self._remember(key, encoder.embed(image))
        return self._seen[key]

    def _nothing(self) -> Tensor:
        if b"" not in self._seen:
            with self._parts.shelf.lease(self._parts.image_encoder) as encoder:
                self._remember(b"", encoder.embed_nothing())
        return self._seen[b""].to(self._parts.device)

    def _remember(self, key: bytes, embedding: Tensor) -> None:
        self._seen[key] = embedding
        if len(self._seen) > CACHED_IMAGES:
            self._seen.popitem(last=False)
