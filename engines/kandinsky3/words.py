"""Prompts to contexts, in the dialect of the network that hears them; encoder output is shared and cached.

- Original (base, Flash, inpainting): rows after the prompt are zeroed after the projection and cut to one; a negative
  is made as long as the prompt (`text.negative_tokens`); without one the network's null embedding takes its place.
- Fork (img2img, image prompt, control networks): see `fork_text`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import Tensor

from engines import styles
from engines.kandinsky3 import sampler, text, unet
from engines.kandinsky3.family import Family

CACHE_BYTES = 256 * 2**20


class Words:
    """Says prompts to the family's networks."""

    def __init__(self, family: Family, drawing_styles: Sequence[styles.Style]) -> None:
        self._family = family
        self._styles = tuple(drawing_styles)
        self._cache = text.Cache(CACHE_BYTES)

    def style(self, name: str) -> styles.Style:
        """A drawing style by name; "" is none. Raises InvalidTask with the possible ones."""
        return styles.find(self._styles, name)

    def ids(self, prompt: str, style: styles.Style | None = None) -> tuple[int, ...]:
        """The tokens of a prompt, worded in a style, the end mark last; at most `text.TOKENS`."""
        if style is None:
            return text.tokens(prompt, self._family.tokenizer)
        return text.worded_tokens(prompt, style.wording(prompt), self._family.tokenizer)

    def hidden(self, ids: tuple[int, ...]) -> Tensor:
        """Raw encoder output [len(ids), d_model], on the CPU, cached."""
        hidden = self._cache.get(ids)
        if hidden is None:
            with self._family.shelf.lease(self._family.encoder) as encoder:
                hidden = encoder.encode(ids)
            self._cache.put(ids, hidden)
        return hidden

    def context(self, ids: tuple[int, ...], variant: sampler.Variant) -> unet.Context:
        """What a network of the original dialect hears."""
        with self._family.shelf.lease(self._family.projection(variant)) as projection:
            return text.context(self.hidden(ids), projection)

    def prompts(
        self, positive: tuple[int, ...], unwanted: str, variants: Iterable[sampler.Variant]
    ) -> dict[sampler.Variant, sampler.Prompt]:
        """What each network of the original dialect is told; Flash listens to no negative prompt."""
        hearing = sorted(variants)
        negative: tuple[int, ...] | None = None
        if unwanted and set(hearing) - {sampler.Variant.FLASH}:
            negative = text.negative_tokens(positive, self.ids(unwanted))
        prompts = {}
        for variant in hearing:
            said = self.context(positive, variant)
            unsaid = self.context(negative, variant) if negative and variant is not sampler.Variant.FLASH else None
            prompts[variant] = sampler.Prompt(said, unsaid)
        return prompts
