"""The MoVQ decoder, taught on after the base model: to make clean pictures of latents as the U-Net paints them.

The encoder, and with it the latent space, stays as it is. Half of a batch are latents of scenes with noise; the other
half are what the base model makes of them after they were noised to a low time, with its own small faults in them.
The target is the scene. (The official decoder was not trained so; a small one has to spend its capacity here.)
"""

import numpy as np
import torch
from diffusers import VQModel
from torch import Tensor

from training import base, config, diffusion, loop, movq, world

DECODER = ("decoder.", "post_quant_conv.")


def borders(pictures: Tensor, width_px: int = 3) -> Tensor:
    """1 along the rim of a picture, 0 inside: [1, 1, H, W]. Zero padding makes the rim the hardest place."""
    rim = torch.ones(1, 1, *pictures.shape[2:])
    rim[..., width_px:-width_px, width_px:-width_px] = 0
    return rim


@torch.no_grad()
def repainted(
    painter: base.Painter,
    prompts: base.Prompts,
    latents: Tensor,
    scenes: list[world.Scene],
    before: int,
    rng: np.random.Generator,
) -> Tensor:
    """The x0 that the base model sees in these latents noised to a time below `before`."""
    times = torch.from_numpy(rng.integers(20, before, len(latents)))
    noisy = diffusion.noised(latents, torch.randn_like(latents), times)
    hidden, mask = prompts.of(scenes, rng)
    return diffusion.clean(noisy, painter(noisy, times, painter.context(hidden, mask), mask), times)


def train(settings: config.DecoderConfig, stop_at: float | None = None) -> VQModel:
    """Train (or go on training) the decoder of the folded autoencoder."""
    torch.manual_seed(0)
    autoencoder = movq.load_folded(config.MovqConfig()).to(memory_format=torch.channels_last)
    for name, parameter in autoencoder.named_parameters():
        parameter.requires_grad_(name.startswith(DECODER))
    painter, prompts = base.load("base", config.BaseConfig().original).requires_grad_(False), base.load_prompts()
    torch.manual_seed(1 + loop.worker())
    # the world's own shares: with more mosaics, the decoder draws tiles on flat backgrounds
    pool = movq.Pictures(settings.scenes, seed=20_000_000, rare_twice=False)

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 8, loop.worker()))
        chosen = [pool.square[i] for i in rng.integers(len(pool.square), size=settings.batch)]
        scenes = [pool.scenes[i] for i in chosen]
        pictures = movq.to_tensor(np.stack([pool.pictures[i] for i in chosen]))
        with torch.no_grad():
            latents = movq.encode(autoencoder, pictures.contiguous(memory_format=torch.channels_last))
        half = len(latents) // 2
        spread = latents.std(dim=(0, 2, 3), keepdim=True)
        shares = settings.latent_noise * torch.rand(half, 1, 1, 1)
        noisy = latents[:half] + shares * spread * torch.randn_like(latents[:half])
        painted = repainted(painter, prompts, latents[half:], scenes[half:], settings.repaint_before, rng)
        error = movq.decode(autoencoder, torch.cat([noisy, painted])) - pictures
        weight = 1 + settings.edge_weight * movq.edges(pictures) + settings.border_weight * borders(pictures)
        l1, l2 = (weight * error.abs()).mean(), (weight * error.square()).mean()
        mse = error.square().mean((1, 2, 3))
        return {"loss": l1 + 2 * l2, "noisy": mse[:half].mean(), "painted": mse[half:].mean()}

    loop.run(
        autoencoder,
        losses,
        steps=settings.steps,
        peak=settings.learning_rate,
        folder=config.workspace() / "decoder",
        ema=settings.ema,
        stop_at=stop_at,
        weight_decay=0.0,
        save_every=100,
        every=25,
    )
    return autoencoder
