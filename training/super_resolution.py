"""KandiSuperRes on the world: a U-Net over pixels that sees a noisy large picture beside the small one.

The network is the engines' own, at small widths, with the original's linear schedule and its prediction of x0. The
original's losses are not published; here a weighted L1 + L2 on x0 as in the MoVQ recipe. Most samples stand at the
times of the sampler that will be used: the four of Flash for x2, the five of DPM-Solver for x4. Forced by scale: the
network begins as a plain enlargement (`enlarger.py`).
"""

import numpy as np
import torch
from torch import Tensor

from engines.kandinsky3 import schedule
from engines.kandinsky3.super_resolution import network
from training import config, enlarger, enlarging, family_config, loop, movq, world

FIRST_SEED = 60_000_000
TIMES = {2: (979, 729, 479, 229), 4: (999, 799, 599, 400, 200)}
SPREAD = 0.02  # noise in the small picture of every eighth sample, at most: results of a sampler are not clean


def name(factor: int) -> str:
    return f"super_resolution_x{factor}"


def build(settings: family_config.SuperResolutionConfig) -> network.Network:
    return network.Network(network.Config(**settings.original))


class Pictures:
    """Large drawings, and crops of them with their small counterparts."""

    def __init__(self, count: int, factor: int) -> None:
        self.factor = factor
        scenes = [world.sample_scene(FIRST_SEED + i, (128, 128)) for i in range(count)]
        self.large = [enlarging.render(scene, factor) for scene in scenes]

    def batch(self, rng: np.random.Generator, size: int, crop_px: int) -> tuple[Tensor, Tensor]:
        """Large [B, 3, crop, crop] and small [B, 3, crop / factor, crop / factor], float32 in [-1, 1].

        Crops lie on the grid of the small picture; half of them are chosen among several for having edges.
        """
        large = []
        for i in range(size):
            picture = self.large[rng.integers(len(self.large))]
            tries = [self._crop(picture, rng, crop_px) for _ in range(4 if i % 2 else 1)]
            large.append(max(tries, key=lambda crop: crop[::4, ::4].std((0, 1)).sum()))
        small = [enlarging.reduced(crop, self.factor) for crop in large]
        return movq.to_tensor(np.stack(large)), movq.to_tensor(np.stack(small))

    def _crop(self, picture: np.ndarray, rng: np.random.Generator, side: int) -> np.ndarray:
        free = [(length - side) // self.factor + 1 for length in picture.shape[:2]]
        top, left = (int(rng.integers(most)) * self.factor for most in free)
        return picture[top : top + side, left : left + side]


def losses_of(model: network.Network, large: Tensor, small: Tensor, times: Tensor, edge_weight: float) -> loop.Losses:
    """The loss of one batch at these times, the PSNR in dB of the x0 that the network sees, and that of the guide."""
    alphas = schedule.linear().alphas_cumprod[times].view(-1, 1, 1, 1)
    noisy = alphas.sqrt() * large + (1 - alphas).sqrt() * torch.randn_like(large)
    guide = network.enlarged(small, *large.shape[2:])
    error = model(noisy, times.tolist(), guide) - large
    weight = 1 + edge_weight * movq.edges(large)
    squared = error.square().mean()
    return {
        "loss": (weight * error.abs()).mean() + 2 * (weight * error.square()).mean(),
        "psnr": 10 * torch.log10(4 / squared.clamp(min=1e-9)),
        "guide_psnr": 10 * torch.log10(4 / (guide - large).square().mean().clamp(min=1e-9)),
    }


def train(settings: family_config.SuperResolutionConfig, stop_at: float | None = None) -> network.Network:
    """Train (or go on training) the network of one factor."""
    torch.manual_seed(0)
    model = build(settings)
    enlarger.begin(model)
    model.to(memory_format=torch.channels_last)
    torch.manual_seed(1 + loop.worker())
    pictures = Pictures(settings.scenes, settings.factor)

    def losses(step: int, share: float) -> loop.Losses:
        rng = np.random.default_rng((step, 16, loop.worker(), settings.factor))
        size, crop_px = settings.batch, settings.crop_px
        if share >= settings.whole_from and step % 2:
            size, crop_px = max(1, size // 4), 2 * crop_px
        large, small = pictures.batch(rng, size, crop_px)
        dirty = torch.from_numpy(rng.random(size) < 0.125).view(-1, 1, 1, 1)
        small = small + dirty * SPREAD * torch.rand(size, 1, 1, 1) * torch.randn_like(small)
        used = torch.from_numpy(rng.choice(TIMES[settings.factor], size))
        anywhere = torch.from_numpy(rng.integers(0, schedule.N, size))
        times = torch.where(torch.from_numpy(rng.random(size) < settings.at_times), used, anywhere)
        return losses_of(model, large, small, times, settings.edge_weight)

    loop.run(
        model,
        losses,
        steps=settings.steps,
        peak=settings.learning_rate,
        folder=config.workspace() / name(settings.factor),
        ema=settings.ema,
        weight_decay=0.0,
        stop_at=stop_at,
    )
    return model


def load(settings: family_config.SuperResolutionConfig) -> network.Network:
    """The averaged weights of the checkpoint."""
    return loop.restored(build(settings), config.workspace() / name(settings.factor))
