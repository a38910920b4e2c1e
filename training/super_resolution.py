"""KandiSuperRes on the world: a U-Net over pixels that sees a noisy large picture beside the small one.

The network is the engines' own, at small widths, with the original's linear schedule and its prediction of x0. The
original's losses are not published; here a weighted L1 + L2 on x0 as in the MoVQ recipe. Most samples stand at the
times of the sampler that will be used: the four of Flash for x2, the five of DPM-Solver for x4. Forced by scale: the
network begins as a plain enlargement (`enlarger.py`).
"""

import numpy as np
import torch
from diffusers import VQModel
from torch import Tensor

from engines.kandinsky3 import schedule
from engines.kandinsky3.super_resolution import network
from training import config, enlarger, enlarging, family_config, loop, movq, runtime, world

FIRST_SEED = 60_000_000
TIMES = {2: (979, 729, 479, 229), 4: (999, 799, 599, 400, 200)}
SPREAD = 0.02  # noise in the small picture of every eighth sample, at most: results of a sampler are not clean


def name(factor: int) -> str:
    return f"super_resolution_x{factor}"


def build(settings: family_config.SuperResolutionConfig) -> network.Network:
    return network.Network(network.Config(**settings.original))


class Pictures:
    """Large drawings, and crops of them with their small counterparts.

    With an autoencoder some of the small ones have been through it, as all have that the family paints: what people
    enlarge here is mostly that.
    """

    def __init__(
        self, count: int, factor: int, autoencoder: VQModel | None = None, settings: family_config.Painted | None = None
    ) -> None:
        self.factor = factor
        self._settings = settings or family_config.Painted()
        scenes = [world.sample_scene(FIRST_SEED + i, (128, 128)) for i in range(count)]
        self.large = [enlarging.render(scene, factor) for scene in scenes]
        self._painted: list[np.ndarray] = []
        if autoencoder is not None:
            rng = np.random.default_rng(20)
            self._painted = [
                painted(autoencoder, self._small(large), self._settings.noise, rng) for large in self.large
            ]

    def batch(self, rng: np.random.Generator, size: int, crop_px: int) -> tuple[Tensor, Tensor]:
        """Large [B, 3, crop, crop] and small [B, 3, crop / factor, crop / factor], float32 in [-1, 1].

        Crops lie on the grid of the small picture; half of them are chosen among several for having edges.
        """
        large, small = [], []
        for i in range(size):
            index = rng.integers(len(self.large))
            tries = [self._place(self.large[index], rng, crop_px) for _ in range(4 if i % 2 else 1)]
            crops = [self._crop(self.large[index], place, self.factor, crop_px) for place in tries]
            best = max(range(len(crops)), key=lambda n: crops[n][::4, ::4].std((0, 1)).sum())
            large.append(crops[best])
            if self._painted and rng.random() < self._settings.share:
                small.append(self._crop(self._painted[index], tries[best], 1, crop_px // self.factor))
            else:
                small.append(self._small(crops[best]))
        return movq.to_tensor(np.stack(large)), movq.to_tensor(np.stack(small))

    def _small(self, large: np.ndarray) -> np.ndarray:
        return enlarging.reduced(large, self.factor)

    def _place(self, picture: np.ndarray, rng: np.random.Generator, side: int) -> tuple[int, int]:
        """Row and column of a crop, in pixels of the small picture."""
        height, width, _ = picture.shape
        free = [(length - side) // self.factor + 1 for length in (height, width)]
        return int(rng.integers(free[0])), int(rng.integers(free[1]))

    @staticmethod
    def _crop(picture: np.ndarray, place: tuple[int, int], scale: int, side: int) -> np.ndarray:
        top, left = place[0] * scale, place[1] * scale
        return picture[top : top + side, left : left + side]


@torch.no_grad()
def painted(autoencoder: VQModel, picture: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """The picture [h, w, 3] as a U-Net would have painted it: through the latents, which it does not hit exactly."""
    latents = movq.encode(autoencoder, movq.to_tensor(picture[None].copy()))
    error = torch.from_numpy(rng.standard_normal(latents.shape)).float() * latents.std(dim=(2, 3), keepdim=True)
    decoded = movq.decode(autoencoder, latents + noise * float(rng.random()) * error)[0].permute(1, 2, 0)
    return ((decoded + 1) * 127.5).round().clamp(0, 255).byte().numpy()


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
    runtime.channels_last(model)
    torch.manual_seed(1 + loop.worker())
    pictures = Pictures(settings.scenes, settings.factor, movq.load(config.MovqConfig()), settings.painted)

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

    loop.run(model, losses, settings, config.workspace() / name(settings.factor), weight_decay=0.0, stop_at=stop_at)
    return model


def load(settings: family_config.SuperResolutionConfig) -> network.Network:
    """The averaged weights of the checkpoint."""
    return loop.restored(build(settings), config.workspace() / name(settings.factor))
