"""Kandinsky 3 Inpainting (paper section 5.3): the base U-Net with a mask and the kept picture as further channels.

As in the paper the input layer of the trained base gets weights of zero for the new channels, and everything is
trained on: the U-Net, its projection of the text and its null embedding. Channels as in the official pipeline: x (4),
the mask (1, 1 = kept), the latents of the picture whose marked pixels are mid grey (4). Forced by scale: six masks in
ten cover an object (nothing else is worth repainting here), one in eight leaves only a window, for outpainting.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training import base, companions, config, family_config, lessons, loop, masks, movq, renderer, world

NAME = "inpainting"
FACTOR = 8


class Repainter(base.Painter):
    """A `Painter` whose U-Net takes nine channels and gives four."""

    def __init__(self, original: dict[str, Any]) -> None:
        super().__init__(original)  # the stock class has as many outputs as inputs
        self.unet.conv_out = nn.Conv2d(original["init_channels"], original["out_channels"], 3, padding=1)


def widened(painter: base.Painter, original: dict[str, Any]) -> Repainter:
    """The same painter with input weights of zero for the new channels: at first it ignores them."""
    repainter = Repainter(original)
    state = {name: tensor.clone() for name, tensor in painter.state_dict().items()}
    known = state["unet.conv_in.weight"]
    state["unet.conv_in.weight"] = torch.zeros_like(repainter.unet.conv_in.weight)
    state["unet.conv_in.weight"][:, : known.shape[1]] = known
    repainter.load_state_dict(state)
    return repainter


@torch.no_grad()
def kept_latents(autoencoder: movq.VQModel, pictures: np.ndarray, marked: np.ndarray) -> Tensor:
    """Latents [B, 4, h, w] of uint8 pictures [B, H, W, 3] whose pixels marked True [B, H, W] are mid grey."""
    visible = movq.to_tensor(pictures) * torch.from_numpy(~marked)[:, None]
    return movq.encode(autoencoder, visible.contiguous(memory_format=torch.channels_last))


def latent_mask(marked: np.ndarray) -> Tensor:
    """The network's mask [B, 1, h, w]: 1 where a picture is kept, the nearest pixel of each latent cell."""
    return torch.from_numpy(~marked[:, ::FACTOR, ::FACTOR]).float()[:, None]


def additions(settings: family_config.InpaintingConfig, autoencoder: movq.VQModel) -> companions.Make:
    """What each row of the bank gets: `marked`, masks as packed bits, and `kept`, the latents of what they leave."""

    def make(scenes: list[world.Scene], rng: np.random.Generator) -> companions.Arrays:
        pictures = np.stack([renderer.render(scene) for scene in scenes])
        bits, kept = [], []
        for _ in range(settings.masks):
            marked = np.stack([masks.draw(rng, scene, settings.covering, settings.surrounding) for scene in scenes])
            bits.append(np.packbits(marked.reshape(len(scenes), -1), axis=1))
            kept.append(kept_latents(autoencoder, pictures, marked).half().numpy())
        return {"marked": np.stack(bits, 1), "kept": np.stack(kept, 1)}

    return make


def train(settings: family_config.InpaintingConfig, stop_at: float | None = None) -> Repainter:
    """Train (or go on training) the inpainting model from the base checkpoint."""
    autoencoder = movq.load(config.MovqConfig()).to(memory_format=torch.channels_last)
    companions.grow(NAME, settings.chunks, additions(settings, autoencoder), stop_at)
    torch.manual_seed(0)
    painter = widened(base.load("base", config.BaseConfig().original), settings.original)
    painter.unet.to(memory_format=torch.channels_last)
    torch.manual_seed(1 + loop.worker())
    prompts, rows = base.load_prompts(), companions.Companions(NAME)

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 9, loop.worker()))
        latents, batch, added = rows.batch(rng, settings.batch)
        hidden, mask = prompts.of(batch, rng, settings.silent)
        mine = rng.integers(settings.masks, size=len(batch))
        bits = added["marked"][np.arange(len(batch)), mine]
        marked = np.unpackbits(bits, axis=1).astype(bool).reshape(len(batch), batch[0].height, batch[0].width)
        kept = torch.from_numpy(added["kept"][np.arange(len(batch)), mine]).float()
        noisy, noise, times = lessons.noised(latents, rng)
        context, rows_said = painter.context(hidden, mask), mask.sum(1) + 1
        empty, first = painter.unconditional(context)
        dropped = torch.from_numpy(rng.random(len(batch)) < settings.unconditional)
        context = torch.where(dropped[:, None, None], empty, context)
        mask = torch.where(dropped[:, None], first, mask)
        seen = torch.cat([noisy, latent_mask(marked), kept], 1)
        return base.weighted_losses(painter(seen, times, context, mask, rows_said), noise, times)

    loop.run(
        painter,
        losses,
        steps=settings.steps,
        peak=settings.learning_rate,
        folder=config.workspace() / NAME,
        ema=settings.ema,
        stop_at=stop_at,
    )
    return painter


def load(settings: family_config.InpaintingConfig) -> Repainter:
    """The averaged weights of the checkpoint."""
    return loop.restored(Repainter(settings.original), config.workspace() / NAME)
