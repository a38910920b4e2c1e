"""Kandinsky 3 itself (paper section 4): the text-conditioned U-Net in the latents of MoVQ.

As in the paper: epsilon prediction, the cosine schedule of 1000 steps, a frozen text encoder whose projection is
learned with the U-Net, a learned null embedding for the 10 % of samples without text. Forced by scale: instead of the
paper's five resolutions, one canvas area; no LAION but the world of `world.py`; and a loss weight of min(1/abar, 200)
(that of a velocity loss, capped) because colour and layout are decided at noise levels where plain epsilon loss
has almost no gradient left.
"""

from typing import Any

import numpy as np
import torch
from diffusers import Kandinsky3UNet
from diffusers.models.unets.unet_kandinsky3 import Kandinsky3AttentionPooling
from torch import Tensor, nn
from transformers import T5EncoderModel

from training import bank, captions, config, diffusion, loop, text_encoder, world

WEIGHT_CAP = 200.0


class OwnPooling(Kandinsky3AttentionPooling):  # type: ignore[misc] # diffusers is untyped
    """Stock averages the query over all rows of the batch; here over each prompt's own rows, `rows` [B].

    The original feeds one prompt, cut to its tokens and one zero row. In a batch of captions of different lengths
    the stock average would depend on the neighbours.
    """

    rows: Tensor

    def forward(self, x: Tensor, context: Tensor, context_mask: Tensor | None = None) -> Tensor:
        query = context.sum(1, keepdim=True) / self.rows.view(-1, 1, 1)
        seen: Tensor = self.attention(query, context, context_mask)
        return x + seen.squeeze(1)


def build(original: dict[str, Any]) -> Kandinsky3UNet:
    """The stock class for a config under original names, without its own projection of the text."""
    unet = Kandinsky3UNet(
        in_channels=original["num_channels"],
        time_embedding_dim=original["time_embed_dim"],
        groups=original["groups"],
        attention_head_dim=original["head_dim"],
        layers_per_block=original["num_blocks"][0],
        block_out_channels=tuple(round(original["model_channels"] * m) for m in original["dim_mult"]),
        cross_attention_dim=original["context_dim"],
        encoder_hid_dim=original["context_dim"],
    )
    unet.encoder_hid_proj = nn.Identity()
    unet.add_time_condition = OwnPooling(original["time_embed_dim"], original["context_dim"], original["head_dim"])
    return unet


class Painter(nn.Module):
    """What a checkpoint holds: U-Net, projection of the text (its keys as in projection.pt), null embedding."""

    def __init__(self, original: dict[str, Any]) -> None:
        super().__init__()
        width = original["context_dim"]
        self.unet = build(original)
        self.projection = nn.Sequential(nn.Linear(width, width, bias=False), nn.LayerNorm(width))
        self.null_embedding = nn.Parameter(torch.zeros(width))

    def context(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Projected text [B, T, C], zero at padded rows (original dialect: zeroed after projection)."""
        projected: Tensor = self.projection(hidden)
        return projected * mask[..., None]

    def unconditional(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Zeros with the null embedding in row 0, and the mask that shows that row only."""
        batch, rows, width = like.shape
        first = torch.zeros(rows, 1).index_fill(0, torch.tensor([0]), 1.0)
        context = (first * self.null_embedding).expand(batch, rows, width)
        return context, first[:, 0].long().expand(batch, rows)

    def forward(
        self, noisy: Tensor, times: Tensor, context: Tensor, mask: Tensor, rows: Tensor | None = None
    ) -> Tensor:
        """Predicted noise. `rows` [B] is the length of each context, by default its seen rows and one more."""
        self.unet.add_time_condition.rows = mask.sum(1) + 1 if rows is None else rows
        noise: Tensor = self.unet(noisy, times.float(), context, mask, return_dict=False)[0]
        return noise

    def guided(self, noisy: Tensor, times: Tensor, context: Tensor, mask: Tensor, guidance: float) -> Tensor:
        """(w + 1) c - w u."""
        empty, first = self.unconditional(context)
        rows = (mask.sum(1) + 1).repeat(2)  # the original cuts both halves to the prompt's length
        both: Tensor = self(
            noisy.repeat(2, 1, 1, 1), times.repeat(2), torch.cat([context, empty]), torch.cat([mask, first]), rows
        )
        conditional, unconditional = both.chunk(2)
        return (guidance + 1) * conditional - guidance * unconditional


class Prompts:
    """Captions of scenes as the frozen encoder sees them."""

    def __init__(self, encoder: T5EncoderModel, processor: Any) -> None:
        self.encoder, self.processor = encoder, processor

    @torch.no_grad()
    def encode(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """Hidden states [B, T, d_model] and mask [B, T]."""
        ids, mask = text_encoder.tokenise(self.processor, texts)
        return self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state, mask

    def of(
        self, scenes: list[world.Scene], rng: np.random.Generator, silent: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """A caption of each scene, or where `silent` bool [B] says so the empty text."""
        texts = [captions.caption(scene, rng) for scene in scenes]
        texts = [captions.disturb(t, rng, 0.05) if rng.random() < 0.1 else t for t in texts]
        mute = [False] * len(scenes) if silent is None else silent.tolist()
        return self.encode(["" if quiet else text for quiet, text in zip(mute, texts, strict=True)])


def load_prompts() -> Prompts:
    return Prompts(*text_encoder.load(config.TextConfig()))


def weighted_losses(predicted: Tensor, noise: Tensor, times: Tensor, cap: float = WEIGHT_CAP) -> loop.Losses:
    """Squared error of the noise, weighted by min(1/abar, cap)."""
    error = (predicted - noise).square().mean((1, 2, 3))
    weighted = (1 / diffusion.ALPHAS[times]).clamp(max=cap) * error
    late = times >= 700
    return {
        "loss": weighted.mean(),
        "epsilon": error.mean(),
        "early": weighted[late].mean() if late.any() else error.mean(),
    }


def losses_of(
    painter: Painter, latents: Tensor, hidden: Tensor, mask: Tensor, unconditional: float, rng: np.random.Generator
) -> loop.Losses:
    """The loss of latents [B, 4, h, w] and their captions at random times; this share of them is seen without text."""
    times = torch.from_numpy(rng.integers(0, diffusion.STEPS_N, len(latents)))
    noise = torch.randn_like(latents)
    noisy = diffusion.noised(latents, noise, times)
    context, rows = painter.context(hidden, mask), mask.sum(1) + 1
    empty, first = painter.unconditional(context)
    dropped = torch.from_numpy(rng.random(len(latents)) < unconditional)
    context = torch.where(dropped[:, None, None], empty, context)
    mask = torch.where(dropped[:, None], first, mask)
    return weighted_losses(painter(noisy, times, context, mask, rows), noise, times)


def train(settings: config.BaseConfig, stop_at: float | None = None) -> Painter:
    """Train (or go on training) the base model."""
    torch.manual_seed(0)
    painter = Painter(settings.original)
    nn.init.zeros_(painter.unet.conv_out.weight)
    painter.unet.to(memory_format=torch.channels_last)  # a sixth faster on a CPU
    torch.manual_seed(1 + loop.worker())
    prompts, scenes = load_prompts(), bank.Bank(settings.prefer_simple, settings.prefer_nested)

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 5, loop.worker()))
        latents, batch = scenes.batch(rng, settings.batch)
        return losses_of(painter, latents, *prompts.of(batch, rng), settings.unconditional, rng)

    loop.run(painter, losses, settings, config.workspace() / "base", stop_at=stop_at)
    return painter


def load(name: str, original: dict[str, Any]) -> Painter:
    """The averaged weights of a checkpoint of this recipe."""
    painter = Painter(original)
    state = torch.load(config.workspace() / name / "checkpoint.pt", weights_only=True)
    painter.load_state_dict(state["module"])
    if state["average"]:
        painter.load_state_dict(state["average"], strict=False)
    return painter.eval()
