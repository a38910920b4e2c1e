"""The MoVQ decoder, taught on after base and Flash: to make clean pictures of latents as the U-Nets paint them.

The encoder, and with it the latent space, stays as it is. Half of a batch are latents of scenes with noise; the other
half are what the base model, or Flash at its last time, makes of them after they were noised, with its own small faults
in them. The target is the scene. (The official decoder was not trained so; a small one has to spend its capacity here.)
"""

import numpy as np
import torch
from diffusers import VQModel
from torch import Tensor

from training import base, config, diffusion, flash, loop, movq, world

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
    times: Tensor,
    rng: np.random.Generator,
) -> Tensor:
    """The x0 that a painter sees in these latents noised to `times` int64 [B]."""
    noisy = diffusion.noised(latents, torch.randn_like(latents), times)
    hidden, mask = prompts.of(scenes, rng)
    return diffusion.clean(noisy, painter(noisy, times, painter.context(hidden, mask), mask), times)


def train(settings: config.DecoderConfig, stop_at: float | None = None) -> VQModel:
    """Train (or go on training) the decoder of the folded autoencoder."""
    torch.manual_seed(0)
    autoencoder = movq.load_folded(config.MovqConfig()).to(memory_format=torch.channels_last)
    for name, parameter in autoencoder.named_parameters():
        parameter.requires_grad_(name.startswith(DECODER))
    painters = [base.load("base", config.BaseConfig().original), flash.load()]
    prompts = base.load_prompts()
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
        times = torch.from_numpy(rng.integers(20, settings.repaint_before, len(scenes) - half))
        if step % 2:  # Flash knows one low time, its last
            times = torch.full_like(times, config.FlashConfig().times[-1])
        painted = repainted(painters[step % 2], prompts, latents[half:], scenes[half:], times, rng)
        error = movq.decode(autoencoder, torch.cat([noisy, painted])) - pictures
        weight = 1 + settings.edge_weight * movq.edges(pictures) + settings.border_weight * borders(pictures)
        l1, l2 = (weight * error.abs()).mean(), (weight * error.square()).mean()
        mse = error.square().mean((1, 2, 3))
        return {"loss": l1 + settings.l2 * l2, "noisy": mse[:half].mean(), "painted": mse[half:].mean()}

    loop.run(
        autoencoder,
        losses,
        settings,
        config.workspace() / "decoder",
        stop_at=stop_at,
        weight_decay=0.0,
        save_every=100,
        every=25,
    )
    return autoencoder
