"""What the recipes that go on from the base model share: the loss on noise, and the words of the fork's dialect."""

import numpy as np
import torch
from torch import Tensor

from training import base, diffusion, loop


def noised(latents: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Latents noised to times drawn evenly: x_t, the noise, int64 times [B]."""
    times = torch.from_numpy(rng.integers(0, diffusion.STEPS_N, len(latents)))
    noise = torch.randn_like(latents)
    return diffusion.noised(latents, noise, times), noise, times


def losses(predicted: Tensor, noise: Tensor, times: Tensor) -> loop.Losses:
    """The base recipe's loss: squared error of the noise, weighted by min(1/abar, cap)."""
    error = (predicted - noise).square().mean((1, 2, 3))
    weighted = (1 / diffusion.ALPHAS[times]).clamp(max=base.WEIGHT_CAP) * error
    late = times >= 700
    return {
        "loss": weighted.mean(),
        "epsilon": error.mean(),
        "early": weighted[late].mean() if late.any() else error.mean(),
    }


def fork_context(painter: base.Painter, hidden: Tensor, mask: Tensor) -> Tensor:
    """Projected text [B, T, C] as the diffusers fork has it: padding zeroed before the projection, then cut.

    The one padded row that is kept after a prompt is therefore the bias of the LayerNorm, not zero.
    """
    projected = painter.projection(hidden * mask[..., None])
    kept = torch.arange(mask.shape[1])[None] <= mask.sum(1, keepdim=True)
    return projected * kept[..., None]


def silenced(context: Tensor, mask: Tensor, silent: Tensor) -> tuple[Tensor, Tensor]:
    """Context and mask with the rows of `silent` bool [B] as the fork's empty prompt: zeros that nobody sees."""
    return context * ~silent[:, None, None], mask * ~silent[:, None]
