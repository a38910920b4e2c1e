"""Inpainting with Kandinsky 2.2: its decoder with the mask and what it keeps of the latents as further channels.

As in Kandinsky 3 (paper section 5.3) the new channels have weights of zero at first, and everything is trained on.
Channels as the engine has them, which is the stock pipeline's way: x (4), the latents of the whole picture, zero where
they are marked (4), the mask (1, 1 = kept), spread to the neighbours of what is marked. All of it is made of a row's
latents and scene within milliseconds, so that nothing but the decoder's own companions is kept. Half of the embeddings
are of the same objects composed anew, as a prompt has it: where they shall be is the mask's to say.
"""

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from engines.kandinsky22 import inpainting as engine
from training import config, family_config, inpainting, kandinsky22, loop, masks, world

NAME = "kandinsky22_inpainting"
FOLDER = "kandinsky22_decoder_inpaint"  # of the export
CHANNELS = 2 * kandinsky22.CHANNELS + 1


def build(settings: family_config.Inpainting22Config, embedding: int) -> UNet2DConditionModel:
    return kandinsky22.build_decoder(settings.decoder, embedding, CHANNELS)


def widened(
    decoder: UNet2DConditionModel, settings: family_config.Inpainting22Config, embedding: int
) -> UNet2DConditionModel:
    """The same decoder with five channels more: at first it ignores them."""
    unet = build(settings, embedding)
    kandinsky22.take_over(unet, decoder)
    return unet


def beside(latents: Tensor, marked: np.ndarray) -> Tensor:
    """What the network sees beside x [B, 5, h, w]: of masks [B, 8h, 8w], True where the picture is to be new."""
    keep = 1 - engine.spread(1 - inpainting.latent_mask(marked))
    return torch.cat([latents * keep, keep], 1)


def predicted(unet: UNet2DConditionModel, noisy: Tensor, times: Tensor, known: Tensor, shown: Tensor) -> Tensor:
    """Predicted noise, given what is `beside` and embeddings [B, d]."""
    return kandinsky22.predicted(unet, torch.cat([noisy, known], 1), times, image_embeds=shown)


def train(settings: family_config.Inpainting22Config, stop_at: float | None = None) -> UNet2DConditionModel:
    """Train (or go on training) the inpainting decoder from the decoder's checkpoint."""
    torch.manual_seed(0)
    decoder = kandinsky22.load_decoder(settings.decoder)
    unet = widened(decoder, settings, family_config.ClipConfig().projection)

    def led(latents: Tensor, scenes: list[world.Scene], shown: Tensor, rng: np.random.Generator) -> kandinsky22.Predict:
        marked = np.stack([masks.draw(rng, scene, settings.covering, settings.surrounding) for scene in scenes])
        known = beside(latents, marked)
        return lambda noisy, times: predicted(unet, noisy, times, known, shown)

    return kandinsky22.train_led(NAME, 41, unet, settings, led, stop_at)


def load(settings: family_config.Inpainting22Config) -> UNet2DConditionModel:
    """The averaged weights of the checkpoint."""
    return loop.restored(build(settings, family_config.ClipConfig().projection), config.workspace() / NAME)
