"""Control by depth with Kandinsky 2.2: its decoder with what an encoder of hints makes of a depth map, four channels.

The stock class has the encoder (`addition_embed_type="image_hint"`): eight convolutions, of which torch's own start
leaves a signal of a few ten thousandths. So they begin loud enough to be heard (`hints.begin`), while the weights of the
new channels are zero: at first the decoder paints as it did. Unlike an edge, a depth map says by itself which side is
the object, so the encoder learns together with the rest. Most embeddings are of the same objects composed anew, as a
prompt has it: where they are and how large is the map's to say.
"""

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from training import config, depths, family_config, hints, kandinsky22, loop, world

NAME = "kandinsky22_depth"
FOLDER = "kandinsky22_controlnet_depth"  # of the export
CHANNELS = 2 * kandinsky22.CHANNELS


def build(settings: family_config.Depth22Config, embedding: int) -> UNet2DConditionModel:
    return kandinsky22.build_decoder(settings.decoder, embedding, CHANNELS, addition="image_hint")


def widened(
    decoder: UNet2DConditionModel, settings: family_config.Depth22Config, embedding: int
) -> UNet2DConditionModel:
    """The same decoder with an encoder of hints, which speaks but is not listened to yet."""
    unet = build(settings, embedding)
    kandinsky22.take_over(unet, decoder)
    hints.begin(unet.add_embedding.input_hint_block)
    return unet


def maps(scenes: list[world.Scene], rng: np.random.Generator) -> Tensor:
    """Hints [B, 3, height, width] in 0..1: made-up depth, near is white."""
    drawn = torch.from_numpy(np.stack([depths.depth(scene, rng) for scene in scenes]))
    return drawn[:, None].expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


def predicted(unet: UNet2DConditionModel, noisy: Tensor, times: Tensor, drawn: Tensor, shown: Tensor) -> Tensor:
    """Predicted noise, given hints [B, 3, 8h, 8w] and embeddings [B, d]."""
    return kandinsky22.predicted(unet, noisy, times, image_embeds=shown, hint=drawn)


def train(settings: family_config.Depth22Config, stop_at: float | None = None) -> UNet2DConditionModel:
    """Train (or go on training) the depth decoder from the decoder's checkpoint."""
    samples = kandinsky22.Samples(settings.decoder, stop_at)
    torch.manual_seed(0)
    decoder = kandinsky22.load_decoder(settings.decoder)
    unet = widened(decoder, settings, family_config.ClipConfig().projection)
    unet.to(memory_format=torch.channels_last)
    torch.manual_seed(1 + loop.worker())
    alphas = kandinsky22.decoder_schedule(settings.decoder).alphas_cumprod
    rng = np.random.default_rng(42)
    _, scenes, _ = samples.batch(rng, settings.batch)
    hints.scale(unet.add_embedding.input_hint_block, maps(scenes, rng), settings.loudness)

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 43, loop.worker()))
        latents, scenes, shown = samples.batch(rng, settings.batch, settings.composed)
        drawn = maps(scenes, rng)

        def predict(noisy: Tensor, times: Tensor) -> Tensor:
            return predicted(unet, noisy, times, drawn, shown)

        return kandinsky22.losses_of(predict, latents, alphas, settings.decoder.weight_cap, rng)

    loop.run(
        unet,
        losses,
        steps=settings.steps,
        peak=settings.learning_rate,
        folder=config.workspace() / NAME,
        ema=settings.ema,
        stop_at=stop_at,
    )
    return unet


def load(settings: family_config.Depth22Config) -> UNet2DConditionModel:
    """The averaged weights of the checkpoint."""
    return loop.restored(build(settings, family_config.ClipConfig().projection), config.workspace() / NAME)
