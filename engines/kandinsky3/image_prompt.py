"""Image prompts: cross-attentions that also read pictures, four tokens for each (paper, 5.4: the IP-Adapter).

Each cross-attention gets keys and values for the tokens and, unlike the common adapter, an output layer of its own; the
query is the text's:

    O(attention(q, K text, V text, mask)) + weight * O'(attention(q, K' tokens, V' tokens))

Nothing else of the U-Net changes, so the extra weights (`Adapter`) ride on any U-Net of the same widths: the base that
paints from text, a hint U-Net, a base with a side network. `Network` puts them together for as long as both are leased.

Source: ai-forever/kandinsky3-diffusers, `models/unet_kandi3.py`, `models/attention_processor.py`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines import errors
from engines.kandinsky3 import unet


@dataclass(frozen=True, slots=True)
class AdapterSizes:
    """`layers` are the stock names of the cross-attentions that listen, with their widths."""

    layers: Mapping[str, int]
    context_dim: int = 4096
    embedding_dim: int = 768  # of CLIP ViT-L/14
    tokens: int = 4

    @classmethod
    def of(cls, network: unet.Network, embedding_dim: int = 768, tokens: int = 4) -> AdapterSizes:
        """The sizes of an adapter for every cross-attention of a network."""
        layers = {name: attention.out_dim for name, attention in cross_attentions(network.unet).items()}
        return cls(layers, network.config.context_dim, embedding_dim, tokens)


class ImageAttention(nn.Module):
    """What one cross-attention of a width needs to read image tokens. Adds nothing until it is trained."""

    def __init__(self, context_dim: int, width: int) -> None:
        super().__init__()
        self.to_key = nn.Linear(context_dim, width)
        self.to_value = nn.Linear(context_dim, width)
        self.to_out = nn.Linear(width, width)
        nn.init.zeros_(self.to_out.weight)
        nn.init.zeros_(self.to_out.bias)


class Adapter(nn.Module):
    """All extra weights of an image prompt: the projection of an embedding to tokens, and the attentions to them."""

    def __init__(self, sizes: AdapterSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.image_proj = nn.Linear(sizes.embedding_dim, sizes.tokens * sizes.context_dim)
        self.image_norm = nn.LayerNorm(sizes.context_dim)
        self.attentions = nn.ModuleList(ImageAttention(sizes.context_dim, width) for width in sizes.layers.values())

    def tokens(self, embeddings: Tensor) -> Tensor:
        """Tokens [..., tokens, context_dim] of image embeddings [..., embedding_dim]."""
        weight = self.image_proj.weight
        spread = self.image_proj(embeddings.to(weight.device, weight.dtype))
        normed: Tensor = self.image_norm(spread.view(*embeddings.shape[:-1], self.sizes.tokens, self.sizes.context_dim))
        return normed

    def attention(self, layer: str) -> ImageAttention:
        """The attention of a layer by its stock name."""
        return cast("ImageAttention", self.attentions[list(self.sizes.layers).index(layer)])

    @torch.inference_mode()
    def prompt(self, embedding: Tensor, weight: float = 1.0) -> unet.ImagePrompt:
        """What one embedding [embedding_dim], of a picture or a sum of pictures, says."""
        return unet.ImagePrompt(self.tokens(embedding), weight)


class Network(nn.Module):
    """`unet.Predictor`: a host whose cross-attentions also read the image prompts of its contexts.

    Rows may have different image prompts, or none. Only pointers are made here: build it for a lease, and drop it.
    """

    def __init__(self, host: unet.Predictor, adapter: Adapter, stock: nn.Module | None = None) -> None:
        """`stock` is the diffusers U-Net inside the host, by default its `unet`. Raises CheckpointInvalid."""
        super().__init__()
        self.host = host
        self.adapter = adapter
        listening = cross_attentions(stock or _stock(host))
        _check_fit(adapter.sizes, listening)
        self._pairs = tuple((attention, adapter.attention(name)) for name, attention in listening.items())

    @property
    def null_embedding(self) -> Tensor:
        return self.host.null_embedding

    @property
    def dtype(self) -> torch.dtype:
        return self.host.dtype

    @property
    def device(self) -> torch.device:
        return self.host.device

    def forward(
        self,
        x: Tensor,
        times: Sequence[int],
        contexts: Sequence[unet.Context],
        conditions: Sequence[unet.Condition | None] | None = None,
    ) -> Tensor:
        """The predicted noise, float32 like x [b, 4, h, w]."""
        with self._listening([context.image for context in contexts]):
            predicted: Tensor = self.host(x, times, contexts, conditions)
        return predicted

    @contextlib.contextmanager
    def _listening(self, prompts: Sequence[unet.ImagePrompt | None]) -> Iterator[None]:
        """Image attention on the host's cross-attentions, which are its own again afterwards, whatever happens."""
        said = [prompt for prompt in prompts if prompt is not None]
        if not said:
            yield
            return
        silence = torch.zeros_like(said[0].tokens)
        tokens = torch.stack([silence if prompt is None else prompt.tokens for prompt in prompts])
        weights = torch.tensor([0.0 if prompt is None else prompt.weight for prompt in prompts]).reshape(-1, 1, 1)
        tokens, weights = tokens.to(self.device, self.dtype), weights.to(self.device, self.dtype)
        before = [attention.processor for attention, _ in self._pairs]
        try:
            for attention, layer in self._pairs:
                attention.processor = ImageAttentionProcessor(layer, tokens, weights)
            yield
        finally:
            for (attention, _), processor in zip(self._pairs, before, strict=True):
                attention.processor = processor


@dataclass(frozen=True, slots=True)
class ImageAttentionProcessor:
    """A processor of a stock `Attention`: text as ever, plus the image's share.

    `tokens` [b, n, context_dim] are never masked; `weights` [b, 1, 1].
    """

    layer: ImageAttention
    tokens: Tensor
    weights: Tensor

    def __call__(
        self, attn: Any, hidden_states: Tensor, encoder_hidden_states: Tensor, attention_mask: Tensor | None = None
    ) -> Tensor:
        """[b, pixels, width] from pixels [b, pixels, width], context rows [b, n, context_dim] and scores [b, 1, n]."""
        query = _heads(attn.to_q(hidden_states), attn.heads)
        key, value = attn.to_k(encoder_hidden_states), attn.to_v(encoder_hidden_states)
        scores = None if attention_mask is None else attention_mask.unsqueeze(1)
        text: Tensor = attn.to_out[0](_attend(query, key, value, attn.heads, scores))
        key, value = self.layer.to_key(self.tokens), self.layer.to_value(self.tokens)
        image: Tensor = self.layer.to_out(_attend(query, key, value, attn.heads))
        return text + self.weights * image


def cross_attentions(stock: Any) -> dict[str, Any]:
    """The cross-attentions of a stock U-Net by name, in its order; attention 0 of a level is its self-attention.

    Asked for on every step: it does not walk all of the network's 2700 modules, which takes 7 ms.
    """
    found = {}
    for way in ("down_blocks", "up_blocks"):
        for i, level in enumerate(getattr(stock, way)):
            for j, block in enumerate(level.attentions):
                if j and hasattr(block, "attention"):  # levels without cross-attention have nothing in its place
                    found[f"{way}.{i}.attentions.{j}.attention"] = block.attention
    return found


def _stock(host: unet.Predictor) -> nn.Module:
    if isinstance(host, unet.Network):
        stock: nn.Module = host.unet
        return stock
    raise errors.EngineFailed(f"{type(host).__name__} does not say which U-Net is to listen")


def _check_fit(sizes: AdapterSizes, listening: Mapping[str, Any]) -> None:
    widths = {name: attention.out_dim for name, attention in listening.items()}
    rows = {attention.cross_attention_dim for attention in listening.values()}
    if widths != dict(sizes.layers) or rows != {sizes.context_dim}:
        raise errors.CheckpointInvalid("this image prompt belongs to a U-Net of other sizes")


def _attend(query: Tensor, key: Tensor, value: Tensor, heads: int, scores: Tensor | None = None) -> Tensor:
    read = functional.scaled_dot_product_attention(query, _heads(key, heads), _heads(value, heads), attn_mask=scores)
    return read.transpose(1, 2).flatten(2)


def _heads(x: Tensor, heads: int) -> Tensor:
    return x.view(*x.shape[:2], heads, -1).transpose(1, 2)  # [b, heads, n, head_dim]
