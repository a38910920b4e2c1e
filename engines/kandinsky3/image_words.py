"""What pictures say to a network with image attention, and the text beside it, in the dialect of the fork.

The fork's rules for its image prompt (`kandinsky3_pipeline_ip_adapter.py`):
- the weighted sum of the pictures' embeddings becomes one image prompt; weights are not normalised;
- without an image there is the embedding of a picture tensor of zeros, not a vector of zeros; the weight of the image
  attention is the same in both halves of guidance;
- an empty prompt is silent: zeros, none of which is said, as long as the encoded one would be;
- without a negative prompt the other half of guidance is as silent; an empty one is the end mark alone.
What is said where the user says nothing is a checkpoint's `Manner`.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from engines import errors, media, sizes, tasks
from engines.kandinsky3 import files, fork_text, image_encoder, sampler, text, unet
from engines.kandinsky3.family import Family
from engines.kandinsky3.words import Words

DIALECT = fork_text.Dialect(cut=True)  # as the official card sets it; the code's own default is uncut
CACHE_BYTES = 4 * 2**20  # an embedding takes 3 KB


@dataclass(frozen=True, slots=True)
class Manner:
    """What a checkpoint was taught to hear beside an image where the user says nothing, for and against."""

    stock_text: str
    negative: str | None


MANNERS: Mapping[sizes.Profile, Manner] = {
    sizes.Profile.KANDINSKY3: Manner(stock_text="4k photo", negative=""),  # the official card
    sizes.Profile.MINI: Manner(stock_text="", negative=None),
}


@dataclass(frozen=True, slots=True)
class Sight:
    """What is shown to a network, and what it sees where nothing is shown."""

    shown: unet.ImagePrompt
    nothing: unet.ImagePrompt

    def beside(self, said: unet.Context, unsaid: unet.Context) -> sampler.Prompt:
        """Text and sight together, for both halves of guidance."""
        return sampler.Prompt(seen(said, self.shown), seen(unsaid, self.nothing))


class ImageWords:
    """Shows pictures to the family's networks; embeddings are cached by the content of the files."""

    def __init__(self, family: Family, words: Words, manner: Manner) -> None:
        self.manner = manner
        self._family = family
        self._words = words
        self._cache = text.Cache(CACHE_BYTES)

    def sight(self, images: Sequence[tasks.WeightedImage], weight: float, given: tasks.Media) -> Sight:
        """The image prompt of some files. Raises InvalidTask for a file that is no picture, CheckpointError."""
        embeddings = [self.embedding(image.image, given) for image in images]
        shown, nothing = image_encoder.fused(embeddings, [image.weight for image in images]), self._nothing()
        with self._family.shelf.lease(self._family.image_adapter()) as adapter:
            if len(shown) != adapter.sizes.embedding_dim:
                raise errors.CheckpointInvalid(
                    f"{files.IMAGE_ENCODER} gives embeddings of {len(shown)} numbers,"
                    f" {files.ADAPTER} takes {adapter.sizes.embedding_dim}"
                )
            return Sight(adapter.prompt(shown, weight), adapter.prompt(nothing, weight))

    def prompt(self, said: str, unwanted: str, sight: Sight) -> sampler.Prompt:
        """A text, what is unwanted ("" leaves it to the manner) and what is shown beside it."""
        negative = unwanted or self.manner.negative
        ids, against = self._words.ids(said), None if negative is None else self._words.ids(negative)
        with self._family.shelf.lease(self._family.projection(sampler.Variant.IMAGE_PROMPT)) as projection:
            spoken, unspoken = fork_text.contexts(self._words.hidden, projection, ids, against, DIALECT)
        return sight.beside(spoken if said else unet.silent(spoken), unspoken)

    def embedding(self, name: str, given: tasks.Media) -> Tensor:
        """The embedding [embedding_dim] of a file of the task, float32 on the CPU. Raises InvalidTask."""
        key = tuple(hashlib.sha256(given.get(name, b"")).digest())
        known = self._cache.get(key)
        if known is None:
            image = media.decode(name, given)
            with self._family.shelf.lease(self._family.image_encoder()) as encoder:
                known = encoder.embed(image)
            self._cache.put(key, known)
        return known

    def _nothing(self) -> Tensor:
        known = self._cache.get(())
        if known is None:
            with self._family.shelf.lease(self._family.image_encoder()) as encoder:
                known = encoder.embed_nothing()
            self._cache.put((), known)
        return known


def seen(context: unet.Context, image: unet.ImagePrompt) -> unet.Context:
    """A context with an image beside its text."""
    return dataclasses.replace(context, image=image)
