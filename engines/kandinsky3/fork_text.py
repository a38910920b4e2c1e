"""Text to context as the fork does it: ai-forever/kandinsky3-diffusers, `pipelines/kandinsky3/*.py`.

Its checkpoints (image to image, image prompt, hint U-Net, side networks) were run with these rules, which differ from
the original's (`text.context`) and among the fork's own pipelines:
- silent rows of a prompt are zeroed *before* the projection, so each becomes the bias of its LayerNorm. They are masked
  in cross-attention but count in the attention pooling's mean;
- a prompt is cut to its tokens and one silent row, or stays at 128 rows;
- a negative prompt has a mask of its own, and is as long as the prompt: `sliced` or `fitted`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engines.kandinsky3 import text, unet


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the fork's pipelines differ in.

    `cut`: whether the prompt is cut to its tokens and one silent row. `fitted`: whether a negative prompt is cut to the
    prompt's rows before it is encoded, none being the empty text, or afterwards, none being silent zeros.
    """

    cut: bool
    fitted: bool = False


HINT_TEXT = Dialect(cut=True)  # hint U-Net from noise
HINT_IMAGE = Dialect(cut=False)  # hint U-Net from a picture
SIDE_NETWORK = Dialect(cut=True, fitted=True)


def contexts(
    encode: Callable[[tuple[int, ...]], Tensor],
    projection: text.Projection,
    positive: tuple[int, ...],
    negative: tuple[int, ...] | None,
    dialect: Dialect,
    limit: int = text.TOKENS,
) -> tuple[unet.Context, unet.Context]:
    """What a network hears for a prompt and against it, from token ids (the end mark last) and raw encoder output."""
    rows = kept_rows(positive, dialect.cut, limit)
    prompt = said(encode(positive), projection, rows)
    if dialect.fitted:
        return prompt, said(encode(fitted_tokens(negative or (text.EOS,), rows)), projection, rows)
    return prompt, sliced(encode(negative), projection, rows) if negative else unet.silent(prompt)


def kept_rows(ids: Sequence[int], cut: bool, limit: int = text.TOKENS) -> int:
    """Rows of a prompt's context: its tokens and one silent row where it is cut, else all of the limit."""
    return min(len(ids) + 1, limit) if cut else limit


@torch.inference_mode()
def said(hidden: Tensor, projection: text.Projection, rows: int) -> unet.Context:
    """A prompt's context of so many rows from raw encoder output [k, d_model], k at most rows: zeroed, then projected.

    Every prompt goes this way, and the negative prompt of the side networks.
    """
    silent = hidden.new_zeros(rows - len(hidden), hidden.shape[-1])
    return unet.Context(projection(torch.cat([hidden, silent])), _mask(len(hidden), rows, projection))


@torch.inference_mode()
def sliced(hidden: Tensor, projection: text.Projection, rows: int) -> unet.Context:
    """A negative prompt's context: encoded whole, its first rows kept (the end mark may be lost), silent rows zeros.

    Image to image, image prompt and hint U-Net.
    """
    kept = projection(hidden[:rows])
    silent = kept.new_zeros(rows - len(kept), kept.shape[-1])
    return unet.Context(torch.cat([kept, silent]), _mask(len(kept), rows, projection))


def fitted_tokens(ids: Sequence[int], rows: int) -> tuple[int, ...]:
    """A negative prompt's ids for so many rows: cut before encoding, so that the end mark stays. Side networks."""
    return tuple(ids) if len(ids) <= rows else (*ids[: rows - 1], text.EOS)


def _mask(tokens: int, rows: int, projection: text.Projection) -> Tensor:
    return torch.arange(rows, device=projection.projection_linear.weight.device) < tokens
