"""Text to context: tokens, the encoder, the projection, and the original's rules about length.

Sources: ai-forever/Kandinsky-3 `condition_processors.py`, `condition_encoders.py`. A prompt of k tokens (the end mark
counted) becomes k projected rows and one zero row; a prompt of the full 128 tokens has no zero row. The original
encodes 128 ids with a mask; only the k real ones can be seen by any of them, so only those are encoded here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from engines import bridges, checkpoints, errors, pretrained, styles
from engines.kandinsky3 import keymaps, unet

TOKENS = 128  # the original's limit; what is longer is cut, the end mark stays
PAD, EOS = 0, 1  # T5's ids
CPU = torch.device("cpu")


class Tokenizer(Protocol):
    """Text to ids without an end mark."""

    def ids(self, text: str) -> list[int]: ...


class SentencePiece:
    """The slow T5 tokenizer of the original, which is its SentencePiece model and nothing more."""

    def __init__(self, path: Path) -> None:
        import sentencepiece

        self._model = sentencepiece.SentencePieceProcessor(model_file=str(path))

    def ids(self, text: str) -> list[int]:
        return list(self._model.encode(text))


class FastTokenizer:
    """A `tokenizer.json`, as the miniature family has it."""

    def __init__(self, path: Path) -> None:
        import tokenizers

        self._model = tokenizers.Tokenizer.from_file(str(path))
        self._model.no_padding()
        self._model.no_truncation()

    def ids(self, text: str) -> list[int]:
        return list(self._model.encode(text, add_special_tokens=False).ids)


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer in the text encoder's folder. Raises CheckpointMissing, CheckpointInvalid."""
    kinds: Mapping[str, Callable[[Path], Tokenizer]] = {
        "spiece.model": SentencePiece,
        "tokenizer.json": FastTokenizer,
    }
    for name, kind in kinds.items():
        path = folder / name
        if path.is_file():
            try:
                return kind(path)
            except Exception as error:  # a bare Exception is what tokenizers raises for a damaged file
                raise errors.CheckpointInvalid(f"the tokenizer {path} cannot be read: {error}") from error
    raise errors.CheckpointMissing(f"neither {' nor '.join(kinds)} is in {folder}")


def tokens(text: str, tokenizer: Tokenizer, limit: int = TOKENS) -> tuple[int, ...]:
    """The ids of a prompt, at most `limit` with the end mark, which is always last."""
    return (*tokenizer.ids(text)[: limit - 1], EOS)


def worded_tokens(prompt: str, wording: styles.Wording, tokenizer: Tokenizer, limit: int = TOKENS) -> tuple[int, ...]:
    """The ids of a prompt in the words of a style. Where both do not fit, the prompt loses its end, not the style."""
    whole = tokenizer.ids(wording.around(prompt))
    if len(whole) < limit:
        return (*whole, EOS)
    before, after = tokenizer.ids(wording.before), tokenizer.ids(wording.after)
    room = max(0, limit - 1 - len(before) - len(after))
    return (*[*before, *tokenizer.ids(prompt)[:room], *after][: limit - 1], EOS)


def negative_tokens(positive: Sequence[int], negative: Sequence[int]) -> tuple[int, ...]:
    """A negative prompt's ids, made as long as the positive's: cut with an end mark, or filled with seen padding.

    In the original the negative borrows the positive's mask, so a shorter negative attends to its padding.
    """
    cut = [*negative[: len(positive)]]
    cut[-1] = EOS
    return (*cut, *[PAD] * (len(positive) - len(cut)))


class TextEncoder(nn.Module):
    """A T5 encoder."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    @torch.inference_mode()
    def encode(self, ids: Sequence[int]) -> Tensor:
        """Raw hidden states [len(ids), d_model], on the CPU. Alone in its batch, so that no stranger can matter."""
        row = torch.tensor([ids], device=self.model.device)
        hidden: Tensor = self.model(input_ids=row, attention_mask=torch.ones_like(row)).last_hidden_state[0]
        return hidden.cpu()


class Cache:
    """Raw encoder output by token ids, least recently used out first when it exceeds a bound in bytes.

    Base, Flash and inpainting share it: only the projections differ. A prompt of FLAN-UL2 takes at most 1.05 MB.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._entries: OrderedDict[tuple[int, ...], Tensor] = OrderedDict()

    def get(self, ids: tuple[int, ...]) -> Tensor | None:
        if ids in self._entries:
            self._entries.move_to_end(ids)
        return self._entries.get(ids)

    def put(self, ids: tuple[int, ...], hidden: Tensor) -> None:
        self._entries[ids] = hidden
        self._bytes += hidden.nbytes
        while self._bytes > self._limit_bytes:
            self._bytes -= self._entries.popitem(last=False)[1].nbytes


class Projection(nn.Module):
    """Linear without bias, then LayerNorm: [n, d_model] to [n, context_dim], float32. Each U-Net has its own."""

    def __init__(self, d_model: int, context_dim: int) -> None:
        super().__init__()
        self.projection_linear = nn.Linear(d_model, context_dim, bias=False)
        self.projection_norm = nn.LayerNorm(context_dim)

    def forward(self, hidden: Tensor) -> Tensor:
        weight = self.projection_linear.weight
        projected: Tensor = self.projection_norm(self.projection_linear(hidden.to(weight.device, weight.dtype)))
        return projected


@torch.inference_mode()
def context(hidden: Tensor, projection: Projection, limit: int = TOKENS) -> unet.Context:
    """The context of one prompt: its projected rows and, below the limit, one zero row."""
    rows = projection(hidden)
    silent = rows.new_zeros(min(len(rows) + 1, limit) - len(rows), rows.shape[-1])
    mask = torch.arange(len(rows) + len(silent), device=rows.device) < len(rows)
    return unet.Context(torch.cat([rows, silent]), mask)


def load_encoder(folder: Path, device: torch.device, dtype: torch.dtype) -> TextEncoder:
    """The T5 encoder in transformers' format. Raises CheckpointMissing, CheckpointInvalid.

    Never float16: transformers keeps T5's `wo` in float32 then, 21.7 GB instead of 17.4 for FLAN-UL2.
    """
    return TextEncoder(pretrained.text_encoder("T5EncoderModel", folder, device, dtype))


def encoder_from_state(config: Mapping[str, object], state: Mapping[str, Tensor]) -> TextEncoder:
    """A float32 encoder on the CPU from a T5 configuration and weights under transformers' names."""
    bridges.install()
    import transformers

    model = transformers.T5EncoderModel(transformers.T5Config(**config))
    checkpoints.verify("t5", {name: tensor.shape for name, tensor in model.state_dict().items()}, state)
    model.load_state_dict(state)
    return TextEncoder(model.requires_grad_(False).eval())


def load_projection(path: Path, device: torch.device, dtype: torch.dtype) -> Projection:
    """A projection from `projection*.pt` or `.safetensors`. Raises CheckpointMissing, CheckpointInvalid."""
    return projection_from_original(checkpoints.read(path).tensors, path.name, device, dtype)


def projection_from_original(
    tensors: Mapping[str, Tensor],
    source: str = "projection",
    device: torch.device = CPU,
    dtype: torch.dtype = torch.float32,
) -> Projection:
    """A projection from weights under original names (`0.weight`, `1.weight`, `1.bias`)."""
    linear = tensors.get("0.weight")
    if linear is None or linear.ndim != 2:
        raise errors.CheckpointInvalid(f"{source} does not fit: 0.weight is not there or not a matrix")
    context_dim, d_model = linear.shape
    with torch.device("meta"):
        projection = Projection(d_model, context_dim)
    checkpoints.fill(projection, keymaps.projection_to_stock(tensors), source, device, dtype)
    return projection.eval()
