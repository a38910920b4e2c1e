"""The forward process of Kandinsky 3 and its two samplers, plainly, for looking at a model while it trains.

The bot's sampler lives in `engines/kandinsky3`; this one has no states or batching of strangers, and is meant to be
read beside the formulas (paper section 3; constants from the official `model/diffusion.py`).
"""

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor

STEPS_N = 1000
THRESHOLD_QUANTILE = 0.99
FLASH_TIMES = (979, 729, 479, 229)
Predict = Callable[[Tensor, int], Tensor]


def alphas() -> Tensor:
    """Cumulative products of the cosine schedule, float32 [1000]: 0.99996 at t = 0, 2.4e-9 at t = 999."""

    def level(u: float) -> float:
        return math.cos((u + 0.008) / 1.008 * math.pi / 2) ** 2

    betas = [min(1 - level((i + 1) / STEPS_N) / level(i / STEPS_N), 0.999) for i in range(STEPS_N)]
    return torch.cumprod(1 - torch.tensor(betas), 0)


ALPHAS = alphas()


def noised(latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """x_t of latents [B, 4, h, w] at times int64 [B]."""
    a = ALPHAS[times].view(-1, 1, 1, 1)
    return a.sqrt() * latents + (1 - a).sqrt() * noise


def clean(noisy: Tensor, epsilon: Tensor, times: Tensor) -> Tensor:
    """The x0 that a prediction of the noise implies."""
    a = ALPHAS[times].view(-1, 1, 1, 1)
    return (noisy - (1 - a).sqrt() * epsilon) / a.sqrt()


def threshold(latents: Tensor, quantile: float = THRESHOLD_QUANTILE) -> Tensor:
    """Dynamic thresholding: clip each sample at its quantile (never below 1) and divide by it."""
    s = torch.quantile(latents.abs().flatten(1), quantile, dim=1).clamp(min=1).view(-1, 1, 1, 1)
    return latents.clamp(-s, s) / s


def guided_times(steps: int) -> list[int]:
    """999, 979, ... 19, 0 for 50 steps; floor division of the negative number, as the original has it."""
    return [*range(STEPS_N - 1, 0, -STEPS_N // steps), 0]


@torch.no_grad()
def sample(predict: Predict, noise: Tensor, generator: torch.Generator, steps: int = 50) -> Tensor:
    """Ancestral sampling (eta 1) with dynamic thresholding; `predict(x, t)` is the guided noise."""
    x, times = noise, guided_times(steps)
    for t, previous in itertools.pairwise(times):
        a, p = ALPHAS[t], ALPHAS[previous]
        x0 = threshold((x - (1 - a).sqrt() * predict(x, t)) / a.sqrt())
        epsilon = (x - a.sqrt() * x0) / (1 - a).sqrt()
        sigma = ((1 - a / p) * (1 - p) / (1 - a)).sqrt()
        z = torch.randn(x.shape, generator=generator)
        x = p.sqrt() * x0 + (1 - p - sigma**2).clamp(min=0).sqrt() * epsilon + (sigma * z if previous else 0)
    return x


@torch.no_grad()
def sample_flash(
    predict: Predict, start: Tensor, generator: torch.Generator, times: tuple[int, ...] = FLASH_TIMES
) -> Tensor:
    """Noise to each time afresh and predict x0; no guidance, no threshold."""
    x = start
    for t in times:
        batch = torch.full((len(x),), t)
        noisy = noised(x, torch.randn(x.shape, generator=generator), batch)
        x = clean(noisy, predict(noisy, t), batch)
    return x
