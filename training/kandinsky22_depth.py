"""Control by depth with Kandinsky 2.2: its decoder with what an encoder of hints makes of a depth map, four channels.

The stock class has the encoder (`addition_embed_type="image_hint"`): eight convolutions, of which torch's own start
leaves a signal of a few ten thousandths, and which take three times as long to train as all the rest. Forced by scale:
here they are not taught but built, to say how near each quarter of a latent cell is, and stay so; a training computes
the same in one line. The weights of the new channels are zero: at first the decoder paints as it did. Most embeddings
are of the same objects composed anew, as a prompt has it: where they are and how large is the map's to say.
"""

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional

from training import config, depths, family_config, kandinsky22, loop, world

NAME = "kandinsky22_depth"
FOLDER = "kandinsky22_controlnet_depth"  # of the export
CHANNELS = 2 * kandinsky22.CHANNELS
QUARTER_PX = 4
LOUDNESS = 6.0  # of a whole difference in depth: said at 1, it was hardly heard after a hundred steps; at 6 it was
CARRIED = 12.0  # beside the depth, through every SiLU: there it is next to the identity (7e-5 off)


class Shortcut(nn.Sequential):
    """The encoder's layers, and what they say without them."""

    def forward(self, hints: Tensor) -> Tensor:
        return quarters(hints)


def quarters(hints: Tensor) -> Tensor:
    """How near each quarter of a latent cell is [B, 4, h, w] in 0..LOUDNESS, of hints [B, 3, 8h, 8w] in 0..1."""
    return LOUDNESS * functional.pixel_unshuffle(functional.avg_pool2d(hints.mean(1, keepdim=True), QUARTER_PX), 2)


def build(settings: family_config.Depth22Config, embedding: int) -> UNet2DConditionModel:
    return kandinsky22.build_decoder(settings.decoder, embedding, CHANNELS, addition="image_hint")


def widened(
    decoder: UNet2DConditionModel, settings: family_config.Depth22Config, embedding: int
) -> UNet2DConditionModel:
    """The same decoder with an encoder of hints, which speaks but is not listened to yet."""
    unet = build(settings, embedding)
    kandinsky22.take_over(unet, decoder)
    say_quarters(unet.add_embedding.input_hint_block)
    return unet


@torch.no_grad()
def say_quarters(block: nn.Sequential) -> None:
    """Build the weights with which the stock class's encoder says `quarters`, and freeze them."""
    block.requires_grad_(False)
    first, *between, last = layers = [layer for layer in block if isinstance(layer, nn.Conv2d)]
    *halving, parting = [layer for layer in between if layer.stride == (2, 2)]
    for layer in layers:
        assert layer.bias is not None
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    assert first.bias is not None
    assert last.bias is not None
    first.weight[0, :, 1, 1] = 1 / first.in_channels
    first.bias[0] = CARRIED
    for layer in between:
        layer.weight[0, 0, 1, 1] = 1
    for layer in halving:
        layer.weight[0, 0, 1:, 1:] = 1 / 4
    for quarter in range(kandinsky22.CHANNELS):
        parting.weight[quarter, 0, 1 + quarter // 2, 1 + quarter % 2] = 1
        last.weight[quarter, quarter, 1, 1] = LOUDNESS
    last.bias.fill_(-LOUDNESS * CARRIED)


def maps(scenes: list[world.Scene], rng: np.random.Generator) -> Tensor:
    """Hints [B, 3, height, width] in 0..1: made-up depth, near is white."""
    drawn = torch.from_numpy(np.stack([depths.depth(scene, rng) for scene in scenes]))
    return drawn[:, None].expand(-1, 3, -1, -1)


def predicted(unet: UNet2DConditionModel, noisy: Tensor, times: Tensor, drawn: Tensor, shown: Tensor) -> Tensor:
    """Predicted noise, given hints [B, 3, 8h, 8w] and embeddings [B, d]."""
    return kandinsky22.predicted(unet, noisy, times, image_embeds=shown, hint=drawn)


def train(settings: family_config.Depth22Config, stop_at: float | None = None) -> UNet2DConditionModel:
    """Train (or go on training) the depth decoder from the decoder's checkpoint."""
    torch.manual_seed(0)
    decoder = kandinsky22.load_decoder(settings.decoder)
    unet = widened(decoder, settings, family_config.ClipConfig().projection)
    unet.add_embedding.input_hint_block = Shortcut(*unet.add_embedding.input_hint_block)

    def led(latents: Tensor, scenes: list[world.Scene], shown: Tensor, rng: np.random.Generator) -> kandinsky22.Predict:
        drawn = maps(scenes, rng)
        return lambda noisy, times: predicted(unet, noisy, times, drawn, shown)

    return kandinsky22.train_led(NAME, 43, unet, settings, led, stop_at)


def load(settings: family_config.Depth22Config) -> UNet2DConditionModel:
    """The averaged weights of the checkpoint."""
    return loop.restored(build(settings, family_config.ClipConfig().projection), config.workspace() / NAME)
