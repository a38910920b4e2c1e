"""Noise schedules and the timesteps that the samplers visit.

Sources: ai-forever/Kandinsky-3 `model/utils.py`, `model/diffusion.py`, `t2i_pipeline.py`; the linear schedule is
ai-forever/KandiSuperRes'. Arrays are float32 over t = 0 ... N-1, on the CPU: they are read one number at a time.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

N = 1000  # training timesteps
FLASH_TIMES = (979, 729, 479, 229)
REFINER_TIMES = (479, 229)  # the base result is noised to the second of the four Flash steps (paper, 5.2)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A variance schedule; `betas` and `alphas_cumprod` (ᾱ) are float32 [N]."""

    betas: Tensor
    alphas_cumprod: Tensor

    def alpha_bar(self, t: int) -> Tensor:
        """ᾱ_t, a float32 scalar on the CPU; torch takes it as a number in arithmetic with a tensor on any device."""
        return self.alphas_cumprod[t]

    def noised(self, x0: Tensor, t: int, noise: Tensor) -> Tensor:
        """x_t = √ᾱ_t x0 + √(1-ᾱ_t) noise; any shape, float32."""
        alpha = self.alpha_bar(t)
        return alpha.sqrt() * x0 + (1 - alpha).sqrt() * noise

    def clean(self, x_t: Tensor, t: int, noise: Tensor) -> Tensor:
        """The x0 that `noise` would have turned into x_t."""
        alpha = self.alpha_bar(t)
        return (x_t - (1 - alpha).sqrt() * noise) / alpha.sqrt()

    def noise_between(self, x_t: Tensor, t: int, x0: Tensor) -> Tensor:
        """The noise that would have turned x0 into x_t."""
        alpha = self.alpha_bar(t)
        return (x_t - alpha.sqrt() * x0) / (1 - alpha).sqrt()

    def sigma(self, t: int, previous: int, eta: float) -> Tensor:
        """Standard deviation of the noise added on the way from t to `previous`; η is inside the root."""
        alpha, alpha_previous = self.alpha_bar(t), self.alpha_bar(previous)
        return (eta * (1 - alpha / alpha_previous) * (1 - alpha_previous) / (1 - alpha)).sqrt()

    def between(self, t: int, previous: int | None, x_t: Tensor, x0: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of q(x_previous | x_t, x0); `previous` None is where ᾱ is 1.

        The DDPM of diffusers with `fixed_small` variance; β here is that of the whole stride from t to `previous`.
        """
        alpha = self.alpha_bar(t)
        alpha_previous = torch.ones(()) if previous is None else self.alpha_bar(previous)
        kept = alpha / alpha_previous
        mean = (
            alpha_previous.sqrt() * (1 - kept) / (1 - alpha) * x0
            + kept.sqrt() * (1 - alpha_previous) / (1 - alpha) * x_t
        )
        variance = ((1 - alpha_previous) / (1 - alpha) * (1 - kept)).clamp(min=1e-20)
        return mean, variance.sqrt()

    def posterior(self) -> Posterior:
        """The distribution q(x_{t-1} | x_t, x_0) for every t."""
        before = torch.cat([torch.ones(1), self.alphas_cumprod[:-1]])
        variance = self.betas * (1 - before) / (1 - self.alphas_cumprod)
        return Posterior(
            alphas_cumprod_prev=before,
            variance=variance,
            log_variance=torch.log(torch.cat([variance[1:2], variance[1:]])),  # the variance at t = 0 is 0
            mean_coef_x0=self.betas * before.sqrt() / (1 - self.alphas_cumprod),
            mean_coef_xt=(1 - before) * (1 - self.betas).sqrt() / (1 - self.alphas_cumprod),
        )


@dataclass(frozen=True, slots=True)
class Posterior:
    """q(x_{t-1} | x_t, x_0) = N(mean_coef_x0 x_0 + mean_coef_xt x_t, variance); each float32 [N]."""

    alphas_cumprod_prev: Tensor
    variance: Tensor
    log_variance: Tensor
    mean_coef_x0: Tensor
    mean_coef_xt: Tensor


@functools.cache
def cosine() -> Schedule:
    """ᾱ(u) = cos²((u + 0.008) / 1.008 · π/2), β at most 0.999: all Kandinsky 3 networks."""

    def alpha_bar(u: float) -> float:
        return math.cos((u + 0.008) / 1.008 * math.pi / 2) ** 2

    return _from_betas([min(1 - alpha_bar((i + 1) / N) / alpha_bar(i / N), 0.999) for i in range(N)])


@functools.cache
def linear() -> Schedule:
    """β from 1e-4 to 0.02: KandiSuperRes."""
    betas = torch.linspace(1e-4, 0.02, N, dtype=torch.float64)
    return _from_betas(betas.tolist())


def base_times(steps: int) -> tuple[int, ...]:
    """The timesteps at which the base sampler runs the network; its last step leads from the last of them to 0.

    Floor division of the negative number is the original's: 30 steps stride by 34, 150 steps become 143.
    """
    return tuple(range(N - 1, 0, -N // steps))


def ddpm_times(steps: int) -> tuple[int, ...]:
    """The timesteps of the fork's sampler: `leading` spacing with an offset of 1, so 50 steps are 981, 961, ... 1."""
    stride = N // steps
    return tuple(i * stride + 1 for i in reversed(range(steps)))


def _from_betas(betas: list[float]) -> Schedule:
    tensor = torch.tensor(betas, dtype=torch.float32)
    return Schedule(betas=tensor, alphas_cumprod=torch.cumprod(1.0 - tensor, dim=0))
