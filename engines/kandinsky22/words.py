"""Texts as the prior hears them: CLIP's pooled embedding, its hidden states, and which of them are words."""

from __future__ import annotations

import bisect
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engines import bridges, errors, pretrained, residency, styles

CACHED_TEXTS = 128  # 0.4 MB each at the published sizes, in float32


@dataclass(frozen=True, slots=True)
class Text:
    """One text on the CPU: `pooled` float32 [d], `hidden` float32 [n, d], `mask` bool [n], False at the padding."""

    pooled: Tensor
    hidden: Tensor
    mask: Tensor


class Tokenizer:
    """CLIP's tokenizer, or another one in transformers' files; every text is padded to its longest length."""

    def __init__(self, stock: Any) -> None:
        self._stock = stock

    @property
    def length(self) -> int:
        """Tokens of every text, the marks at its ends counted."""
        return int(self._stock.model_max_length)

    def tokens(self, text: str) -> tuple[Tensor, Tensor]:
        """Ids int64 [length] and mask bool [length] of a text, cut at the end where it is too long."""
        told = self._stock(
            text, padding="max_length", max_length=self.length, truncation=True, return_tensors="pt", verbose=False
        )
        return told.input_ids[0], told.attention_mask[0].bool()

    def fits(self, text: str) -> bool:
        """Whether nothing of a text is cut."""
        return len(self._stock(text, truncation=False, verbose=False).input_ids) <= self.length


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer in a folder. Raises CheckpointMissing, CheckpointInvalid."""
    bridges.install()
    import transformers

    if not folder.is_dir():
        raise errors.CheckpointMissing(f"{folder} is not there")
    try:
        stock = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise errors.CheckpointInvalid(f"the tokenizer in {folder} cannot be read: {error}") from error
    return Tokenizer(stock)


def worded(prompt: str, wording: styles.Wording, tokenizer: Tokenizer) -> str:
    """A prompt in the words of a style. Where both do not fit, the prompt loses its end, not the style."""
    if not (wording.before or wording.after) or tokenizer.fits(wording.around(prompt)):
        return wording.around(prompt)
    kept = bisect.bisect_left(
        range(1, len(prompt) + 1), True, key=lambda end: not tokenizer.fits(wording.around(prompt[:end]))
    )
    return wording.around(prompt[:kept])


class TextEncoder(nn.Module):
    """CLIP's text tower with projection."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    @torch.inference_mode()
    def encode(self, ids: Tensor, mask: Tensor) -> Text:
        """One text, alone in its batch. As in the stock pipeline the tower sees the padding; the prior does not."""
        told = self.model(input_ids=ids.unsqueeze(0).to(self.model.device))
        return Text(told.text_embeds[0].float().cpu(), told.last_hidden_state[0].float().cpu(), mask)


def load_encoder(folder: Path, device: torch.device, dtype: torch.dtype) -> TextEncoder:
    """The text tower in a folder. Raises CheckpointMissing, CheckpointInvalid."""
    return TextEncoder(pretrained.text_encoder("CLIPTextModelWithProjection", folder, device, dtype))


class Words:
    """Says texts to the prior; what was said lately is remembered."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        encoder: residency.Component[TextEncoder],
        shelf: residency.Shelf,
        drawing_styles: Sequence[styles.Style],
    ) -> None:
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._shelf = shelf
        self._styles = tuple(drawing_styles)
        self._said: OrderedDict[str, Text] = OrderedDict()

    def say(self, prompt: str, style: str = "") -> Text:
        """A prompt in a style by its name; "" is the empty prompt that guidance goes away from. Raises InvalidTask."""
        wording = styles.find(self._styles, style).wording(prompt)
        return self._text(worded(prompt, wording, self._tokenizer) if prompt else "")

    def unwanted(self, negative_prompt: str, style: str = "") -> Text | None:
        """What a picture should not show, or None. Raises InvalidTask."""
        said = styles.find(self._styles, style).negative_prompt(negative_prompt)
        return self._text(said) if said else None

    def _text(self, said: str) -> Text:
        if said not in self._said:
            with self._shelf.lease(self._encoder) as encoder:
                self._said[said] = encoder.encode(*self._tokenizer.tokens(said))
            if len(self._said) > CACHED_TEXTS:
                self._said.popitem(last=False)
        self._said.move_to_end(said)
        return self._said[said]
