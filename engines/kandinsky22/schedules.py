"""The two samplers' arithmetic: what a checkpoint's `scheduler_config.json` says, one picture and one step at a time.

Noise levels and timesteps are those of the stock schedulers; the step itself is written out, because a stock step draws
its own noise and takes one timestep for a whole batch. Formulas: DDPM, arXiv 2006.11239, equations (7) and (15); the
range of a learned variance, arXiv 2102.09672, equation (15).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engines import bridges, errors

CONFIG = "scheduler_config.json"
LEAST_VARIANCE = 1e-20  # as in the stock schedulers, which take its logarithm


class Prediction(StrEnum):
    """What a network predicts."""

    NOISE = "epsilon"
    SAMPLE = "sample"


class Variance(StrEnum):
    """Where the variance of a step comes from."""

    SMALL = "fixed_small"  # that of the posterior
    SMALL_LOG = "fixed_small_log"  # the same, by way of its logarithm
    LEARNED = "learned_range"  # between that and β, as the network says


@dataclass(frozen=True, slots=True)
class Schedule:
    """A sampler. `alpha_bars` is float32 [training steps]; `clip` bounds x0, None does not.

    `betas` are the stored ones, where the stock scheduler takes those between neighbouring times: at the prior's last
    step they are 5e-4 off 1 - ᾱ, in float32, and so is the embedding.
    """

    alpha_bars: Tensor
    betas: Tensor | None
    prediction: Prediction
    variance: Variance
    clip: float | None
    stock: Any

    def times(self, steps: int) -> tuple[int, ...]:
        """The timesteps of so many steps, falling."""
        self.stock.set_timesteps(steps)
        return tuple(int(t) for t in self.stock.timesteps)

    def noised(self, x0: Tensor, t: int, noise: Tensor) -> Tensor:
        """x_t."""
        alpha_bar = self.alpha_bars[t]
        return alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * noise

    def clean(self, x_t: Tensor, t: int, predicted: Tensor) -> Tensor:
        """The x0 that a prediction [c, ...] means."""
        x0 = predicted
        if self.prediction is Prediction.NOISE:
            alpha_bar = self.alpha_bars[t]
            x0 = (x_t - (1 - alpha_bar).sqrt() * predicted) / alpha_bar.sqrt()
        return x0 if self.clip is None else x0.clamp(-self.clip, self.clip)

    def mean(self, x_t: Tensor, x0: Tensor, t: int, previous: int | None) -> Tensor:
        """The mean of q(x_previous | x_t, x0); `previous` None is the picture itself."""
        alpha_bar, before, beta = self._levels(t, previous)
        return (before.sqrt() * beta * x0 + (1 - beta).sqrt() * (1 - before) * x_t) / (1 - alpha_bar)

    def deviation(self, t: int, previous: int | None, predicted: Tensor | None) -> Tensor:
        """The standard deviation of that draw; `predicted` [c, ...] in -1..1 is for a learned variance only."""
        alpha_bar, before, beta = self._levels(t, previous)
        least = ((1 - before) / (1 - alpha_bar) * beta).clamp(min=LEAST_VARIANCE)
        if self.variance is not Variance.LEARNED or predicted is None:
            return least.sqrt()
        share = (predicted + 1) / 2
        return (0.5 * (share * beta.log() + (1 - share) * least.log())).exp()

    def _levels(self, t: int, previous: int | None) -> tuple[Tensor, Tensor, Tensor]:
        """ᾱ of t and of the time before, and the β between them."""
        alpha_bar = self.alpha_bars[t]
        before = torch.ones(()) if previous is None else self.alpha_bars[previous]
        are_neighbours = t - 1 == (-1 if previous is None else previous)
        beta = self.betas[t] if self.betas is not None and are_neighbours else 1 - alpha_bar / before
        return alpha_bar, before, beta


def decoder(folder: Path) -> Schedule:
    """The decoder's sampler (DDPMScheduler) from its folder. Raises CheckpointMissing, CheckpointInvalid."""
    bridges.install()
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

    return _schedule(DDPMScheduler, folder)


def prior(folder: Path) -> Schedule:
    """The prior's sampler (UnCLIPScheduler) from its folder. Raises CheckpointMissing, CheckpointInvalid."""
    bridges.install()
    from diffusers.schedulers.scheduling_unclip import UnCLIPScheduler

    schedule = _schedule(UnCLIPScheduler, folder)
    schedule = dataclasses.replace(schedule, betas=schedule.stock.betas.float())
    if schedule.variance is Variance.LEARNED:
        raise errors.CheckpointInvalid(f"{folder}: a prior has no learned variance")
    return schedule


def of_stock(stock: Any, source: str) -> Schedule:
    """What a stock scheduler does. Raises CheckpointInvalid for what no published Kandinsky 2.2 does."""
    config: Mapping[str, Any] = stock.config
    try:
        prediction, variance = Prediction(config["prediction_type"]), Variance(config["variance_type"])
    except ValueError as error:
        raise errors.CheckpointInvalid(f"{source}: {error}, which the sampler does not know") from error
    if config.get("thresholding"):
        raise errors.CheckpointInvalid(f"{source}: the sampler has no dynamic threshold")
    clip = float(config["clip_sample_range"]) if config["clip_sample"] else None
    return Schedule(stock.alphas_cumprod.float(), None, prediction, variance, clip, stock)


def _schedule(kind: Any, folder: Path) -> Schedule:
    path = folder / CONFIG
    try:
        stock = kind.from_config(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise errors.CheckpointMissing(f"{path} is not there") from error
    except (ValueError, TypeError, NotImplementedError) as error:
        raise errors.CheckpointInvalid(f"{path} cannot be used: {error}") from error
    return of_stock(stock, str(path))
