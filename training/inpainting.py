"""Kandinsky 3 Inpainting (paper section 5.3): the base U-Net with a mask and the kept picture as further channels.

As in the paper the input layer of the trained base gets weights of zero for the new channels, and everything is
trained on: the U-Net, its projection of the text and its null embedding. Channels as in the official pipeline: x (4),
the mask (1, 1 = kept), the latents of the picture whose marked pixels are mid grey (4). Forced by scale: six masks in
ten cover an object (nothing else is worth repainting here), one in eight leaves only a window; a third of the samples
show further windows, mostly without words, for outpainting; and times are not drawn evenly (`lessons.EARLY`).
"""

import dataclasses
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training import bank, base, companions, config, family_config, lessons, loop, masks, movq, renderer, world

NAME = "inpainting"
WINDOWS = "windows"  # the same rows with masks that leave a window only
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
        marked = np.stack([masks.draw(rng, scene, settings.covering, settings.surrounding) for scene in scenes])
        kept = kept_latents(autoencoder, pictures, marked).half().numpy()
        return {"marked": np.packbits(marked.reshape(len(scenes), -1), axis=1), "kept": kept}

    return make


def train(settings: family_config.InpaintingConfig, stop_at: float | None = None) -> Repainter:
    """Train (or go on training) the inpainting model from the base checkpoint."""
    autoencoder = movq.load(config.MovqConfig()).to(memory_format=torch.channels_last)
    only_windows = dataclasses.replace(settings, covering=0.0, surrounding=1.0)
    companions.grow(WINDOWS, settings.chunks, additions(only_windows, autoencoder), stop_at)
    companions.grow(NAME, settings.chunks, additions(settings, autoencoder), stop_at)
    torch.manual_seed(0)
    painter = widened(base.load("base", config.BaseConfig().original), settings.original)
    painter.unet.to(memory_format=torch.channels_last)
    torch.manual_seed(1 + loop.worker())
    prompts, rows, windows = base.load_prompts(), companions.Companions(NAME), companions.Companions(WINDOWS)
    outpainted = round(settings.outpainted * settings.batch)
    covered = settings.batch - outpainted
    silence = torch.tensor([settings.silent] * covered + [settings.silent_windows] * outpainted)

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 9, loop.worker()))
        canvas = bank.draw_canvas(rng)
        shown = rows.batch(rng, covered, canvas), windows.batch(rng, outpainted, canvas)
        latents = torch.cat([drawn for drawn, _, _ in shown])
        scenes = [scene for _, drawn, _ in shown for scene in drawn]
        bits, kept = (np.concatenate([added[key] for _, _, added in shown]) for key in ("marked", "kept"))
        mute = torch.from_numpy(rng.random(len(scenes))) < silence
        hidden, mask = prompts.of(scenes, rng, mute)
        marked = np.unpackbits(bits, axis=1).astype(bool).reshape(len(scenes), canvas[1], canvas[0])
        noisy, noise, times = lessons.noised(latents, rng, settings.early)
        context, rows_said = painter.context(hidden, mask), mask.sum(1) + 1
        empty, first = painter.unconditional(context)
        dropped = torch.from_numpy(rng.random(len(scenes)) < settings.unconditional)
        context = torch.where(dropped[:, None, None], empty, context)
        mask = torch.where(dropped[:, None], first, mask)
        seen = torch.cat([noisy, latent_mask(marked), torch.from_numpy(kept).float()], 1)
        return base.weighted_losses(painter(seen, times, context, mask, rows_said), noise, times)

    loop.run(painter, losses, settings, config.workspace() / NAME, stop_at=stop_at)
    return painter


def load(settings: family_config.InpaintingConfig) -> Repainter:
    """The averaged weights of the checkpoint."""
    return loop.restored(Repainter(settings.original), config.workspace() / NAME)
