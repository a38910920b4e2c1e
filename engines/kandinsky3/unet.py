"""The U-Net: stock `Kandinsky3UNet` from a configuration of the original form, speaking the original's dialect.

Three things differ from the stock forward pass:
- context comes already projected, zeroed and cut, so the projection inside the network is the identity;
- where the mask is 0, the original replaces the score by the lowest number of the dtype (a fully masked row becomes
  uniform), stock adds -10000;
- the attention pooling averages over all rows of a context, the zero row included. Contexts of different lengths
  share a batch here, so rows of padding must be told from masked rows and left out of that average.
Padding rows get the score -inf, masked rows half of the lowest finite number: adding it absorbs any real score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from engines import bridges, checkpoints, errors
from engines.kandinsky3 import keymaps

CPU = torch.device("cpu")
_STOCK_MASK_SCALE = -10000.0  # the stock forward turns its mask m into (1 - m) * -10000


@dataclass(frozen=True, slots=True)
class UNetConfig:
    """Sizes of a U-Net in the words of the original (`__init__.py`); the defaults are those of Kandinsky 3."""

    model_channels: int = 384
    init_channels: int = 192
    num_channels: int = 4
    out_channels: int = 4
    time_embed_dim: int = 1536
    context_dim: int = 4096
    groups: int = 32
    head_dim: int = 64
    expansion_ratio: int = 4
    compression_ratio: int = 2
    dim_mult: Sequence[float] = (1, 2, 4, 8)
    num_blocks: Sequence[int] = (3, 3, 3, 3)
    add_cross_attention: Sequence[bool] = (False, True, True, True)
    add_self_attention: Sequence[bool] = (False, True, True, True)

    @classmethod
    def parse(cls, text: str | None) -> UNetConfig:
        """The configuration stored as JSON in a checkpoint; without one, the defaults. Raises CheckpointInvalid."""
        return cls(**checkpoints.config(text, cls))

    @property
    def widths(self) -> tuple[int, ...]:
        return tuple(round(self.model_channels * factor) for factor in self.dim_mult)


@dataclass(frozen=True, slots=True)
class ImagePrompt:
    """What pictures say to a network with image attention: `tokens` float [n, context_dim], projected and normed.

    `weight` multiplies the image's share of every cross-attention; 0 is the same as no image.
    """

    tokens: Tensor
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Context:
    """What a prompt says to one network: `rows` float [n, context_dim]; `mask` bool [n], False where it is silent."""

    rows: Tensor
    mask: Tensor
    image: ImagePrompt | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """What a network sees beside the latents of one picture.

    `channels` float [c, h, w] come after x in its input (inpainting: mask, masked latents). `hint` float [3, 8h, 8w]
    goes to control networks, whose residuals are multiplied by `scale`, a number or a map [H, W].
    """

    channels: Tensor | None = None
    hint: Tensor | None = None
    scale: float | Tensor = 1.0


class Predictor(Protocol):
    """A network as the samplers call it: a U-Net alone (`Network`), or with what controls it."""

    @property
    def null_embedding(self) -> Tensor:
        """Float [context_dim]: row 0 of the context without a prompt."""
        ...

    @property
    def dtype(self) -> torch.dtype: ...

    @property
    def device(self) -> torch.device: ...

    def __call__(
        self,
        x: Tensor,
        times: Sequence[int],
        contexts: Sequence[Context],
        conditions: Sequence[Condition | None] | None = None,
    ) -> Tensor:
        """The predicted noise, float32 [b, 4, h, w], in x [b, 4, h, w]; one time, context and condition a row."""
        ...


def unconditional(like: Context, null_embedding: Tensor) -> Context:
    """The context without a prompt: zeros as long as the conditional one, row 0 the learned embedding, only it said."""
    rows = torch.zeros_like(like.rows)
    rows[0] = null_embedding
    mask = torch.zeros_like(like.mask)
    mask[0] = True
    return Context(rows, mask)


def silent(like: Context) -> Context:
    """The context without a prompt in the dialect of the fork: zeros as long as the conditional one, nothing said."""
    return Context(torch.zeros_like(like.rows), torch.zeros_like(like.mask))


class Network(nn.Module):
    """A U-Net with its null embedding. One forward serves rows with different timesteps and context lengths."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        self.unet = _stock(config)
        self.null_embedding = nn.Parameter(torch.zeros(config.context_dim), requires_grad=False)

    @property
    def dtype(self) -> torch.dtype:
        return self.null_embedding.dtype

    @property
    def device(self) -> torch.device:
        return self.null_embedding.device

    def forward(
        self,
        x: Tensor,
        times: Sequence[int],
        contexts: Sequence[Context],
        conditions: Sequence[Condition | None] | None = None,
    ) -> Tensor:
        """The predicted noise, float32 like x [b, 4, h, w]; h and w are multiples of 8.

        A network with more input channels takes them from the conditions. Hints and images say nothing to it.
        """
        x = with_channels(x, conditions)
        rows, scores = stack(contexts, self.dtype, self.device)
        timesteps = torch.tensor(times, dtype=torch.float32).to(self.device)
        mask = 1 - scores / _STOCK_MASK_SCALE
        predicted: Tensor = self.unet(x.to(self.device, self.dtype), timesteps, rows, mask, return_dict=False)[0]
        return predicted.float()


def with_channels(x: Tensor, conditions: Sequence[Condition | None] | None) -> Tensor:
    """x [b, c, h, w] with the channels of the conditions after its own. Raises ValueError where only some have any."""
    extra = [condition.channels if condition is not None else None for condition in conditions or ()]
    given = [channels for channels in extra if channels is not None]
    if not given:
        return x
    if len(given) != len(x):
        raise ValueError("pictures with and without further channels cannot share a batch")
    return torch.cat([x, torch.stack(given).to(x.device, x.dtype)], dim=1)


def load(path: Path, device: torch.device, dtype: torch.dtype) -> Network:
    """A network from `kandinsky3*.pt` or `.safetensors`. Raises CheckpointMissing, CheckpointInvalid."""
    content = checkpoints.read(path)
    config = UNetConfig.parse(content.metadata.get("config"))
    return from_original(config, content.tensors, path.name, device, dtype)


def is_whole(tensors: Mapping[str, Tensor]) -> bool:
    """Whether a file's tensors are those of a whole U-Net, and not of additions to one."""
    return "unet.in_layer.weight" in tensors


def from_original(
    config: UNetConfig,
    tensors: Mapping[str, Tensor],
    source: str = "unet",
    device: torch.device = CPU,
    dtype: torch.dtype = torch.float32,
) -> Network:
    """A network from weights under the names of a checkpoint: `unet.<original name>` and `null_embedding`."""
    with torch.device("meta"):
        network = Network(config)
    unet = keymaps.unet_to_stock(checkpoints.below("unet.", tensors))
    state = {f"unet.{name}": tensor for name, tensor in unet.items()}
    if "null_embedding" in tensors:
        state["null_embedding"] = tensors["null_embedding"].reshape(-1)
    checkpoints.fill(network, state, source, device, dtype)
    return network.eval()


def _stock(config: UNetConfig) -> Any:
    bridges.install()
    from diffusers.models.unets.unet_kandinsky3 import Kandinsky3UNet

    levels = len(config.widths)
    lists = (config.num_blocks, config.add_cross_attention, config.add_self_attention)
    if any(len(one) != levels for one in lists) or min(config.num_blocks) < 2:
        raise errors.CheckpointInvalid(
            "this U-Net cannot be built: every level needs its flags and two blocks at least"
        )
    stock = Kandinsky3UNet(
        in_channels=config.num_channels,
        time_embedding_dim=config.time_embed_dim,
        groups=config.groups,
        attention_head_dim=config.head_dim,
        layers_per_block=config.num_blocks[0],
        block_out_channels=config.widths,
        cross_attention_dim=config.context_dim,
        encoder_hid_dim=1,  # replaced on the next line
    )
    stock.encoder_hid_proj = nn.Identity()
    stock.add_time_condition = _Pooling(stock.add_time_condition.attention)
    if config.num_channels != config.out_channels:  # inpainting: stock forces as many outputs as inputs
        stock.conv_out = nn.Conv2d(config.init_channels, config.out_channels, kernel_size=3, padding=1)
    if not _is_stock(config):
        _rebuild(stock, config)
    return stock


def _is_stock(config: UNetConfig) -> bool:
    """Whether the stock class itself builds this: every published network."""
    flags = [False, True, True, True]
    return (
        len(set(config.num_blocks)) == 1
        and config.init_channels * 2 == config.widths[0]
        and list(config.add_cross_attention) == list(config.add_self_attention) == flags
        and (config.expansion_ratio, config.compression_ratio) == (4, 2)
    )


def _rebuild(stock: Any, config: UNetConfig) -> None:
    """Give a stock U-Net the layers that its class has no parameters for, of the stock kinds."""
    from diffusers.models.embeddings import TimestepEmbedding, Timesteps
    from diffusers.models.unets import unet_kandinsky3 as kinds

    first, last = config.init_channels, len(config.widths) - 1
    outer = (first, *config.widths[:-1])  # what each level gets from the one above it, and gives back
    stock.time_proj = Timesteps(first, flip_sin_to_cos=False, downscale_freq_shift=1)
    stock.time_embedding = TimestepEmbedding(first, config.time_embed_dim)
    stock.conv_in = nn.Conv2d(config.num_channels, first, kernel_size=3, padding=1)
    stock.conv_norm_out = nn.GroupNorm(config.groups, first)
    stock.conv_out = nn.Conv2d(first, config.out_channels, kernel_size=3, padding=1)

    def common(level: int) -> tuple[Any, ...]:
        context_dim = config.context_dim if config.add_cross_attention[level] else None
        sizes = (config.groups, config.head_dim, config.expansion_ratio, config.compression_ratio)
        return config.time_embed_dim, context_dim, config.num_blocks[level], *sizes, level != last

    stock.down_blocks = nn.ModuleList(
        kinds.Kandinsky3DownSampleBlock(
            outer[level], config.widths[level], *common(level), config.add_self_attention[level]
        )
        for level in range(last + 1)
    )
    stock.up_blocks = nn.ModuleList(
        kinds.Kandinsky3UpSampleBlock(
            config.widths[level],
            0 if level == last else config.widths[level],
            outer[level],
            *common(level),
            config.add_self_attention[level],
        )
        for level in reversed(range(last + 1))
    )


class _Pooling(nn.Module):
    """Adds to the time embedding what attention reads from the context when asked with the context's mean row."""

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, time_embedding: Tensor, context: Tensor, scores: Tensor) -> Tensor:
        present = (scores[:, 0] > -torch.inf).unsqueeze(-1).to(context.dtype)  # [b, n, 1]
        mean = context.sum(dim=1, keepdim=True) / present.sum(dim=1, keepdim=True)  # padding rows are zeros
        pooled: Tensor = self.attention(mean, context, scores)
        return time_embedding + pooled.squeeze(1)


def stack(contexts: Sequence[Context], dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """Rows [b, n, d] padded with zeros to the longest context, and what attention adds to its scores [b, n]."""
    longest = max(len(context.rows) for context in contexts)
    rows = torch.zeros(len(contexts), longest, contexts[0].rows.shape[-1], dtype=dtype, device=device)
    scores = torch.full((len(contexts), longest), -torch.inf, dtype=dtype, device=device)
    for i, context in enumerate(contexts):
        rows[i, : len(context.rows)] = context.rows
        scores[i, : len(context.rows)] = torch.where(context.mask, 0.0, torch.finfo(dtype).min / 2)
    return rows, scores
