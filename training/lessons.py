"""What the recipes that go on from the base model share: what is shown, and the words of the fork's dialect."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from training import base, diffusion, world

# Where a picture's colours and layout are still unknown: at 850 its noisy latents, averaged, still tell a background;
# at 985 they tell nothing.
EARLY = (850, 985)


def composition(scene: world.Scene) -> str:
    """`single`, `beside`, `stacked` or `inside`: how many objects there are, and how they stand."""
    if scene.relation in ("above", "below"):
        return "stacked"
    return {None: "single", "inside": "inside"}.get(scene.relation, "beside")


def portioned(scenes: list[world.Scene], shares: Mapping[str, float], count: int) -> list[int]:
    """The places of `count` of the scenes, with these shares of compositions as far as there are enough of them."""
    chosen: list[int] = []
    for wanted, share in shares.items():
        alike = [place for place, scene in enumerate(scenes) if composition(scene) == wanted]
        chosen += alike[: round(share * count)]
    rest = [place for place in range(len(scenes)) if place not in set(chosen)]
    return (chosen + rest)[:count]


def noised(latents: Tensor, rng: np.random.Generator, early: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    """Latents noised to times drawn evenly, but this share of them from `EARLY`: x_t, the noise, int64 times [B]."""
    drawn = rng.integers(0, diffusion.STEPS_N, len(latents))
    if early:
        drawn = np.where(rng.random(len(latents)) < early, rng.integers(*EARLY, len(latents)), drawn)
    times, noise = torch.from_numpy(drawn), torch.randn_like(latents)
    return diffusion.noised(latents, noise, times), noise, times


def fork_context(painter: base.Painter, hidden: Tensor, mask: Tensor) -> Tensor:
    """Projected text [B, T, C] as the diffusers fork has it: padding zeroed before the projection, then cut.

    The one padded row that is kept after a prompt is therefore the bias of the LayerNorm, not zero.
    """
    projected: Tensor = painter.projection(hidden * mask[..., None])
    kept = torch.arange(mask.shape[1])[None] <= mask.sum(1, keepdim=True)
    return projected * kept[..., None]


def silenced(context: Tensor, mask: Tensor, silent: Tensor) -> tuple[Tensor, Tensor]:
    """Context and mask with the rows of `silent` bool [B] as the fork's empty prompt: zeros that nobody sees."""
    return context * ~silent[:, None, None], mask * ~silent[:, None]
