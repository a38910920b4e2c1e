"""The last pass of the Flash x2: one step of the latent Flash network over tiles of an enlarged picture.

Source: ai-forever/KandiSuperRes `model/diffusion_refine.py`: cosine schedule, t = 229 only, tiles of 352 latents.
"""

from __future__ import annotations

from torch import Tensor

from engines.kandinsky3 import sampler, tiling, unet
from engines.kandinsky3.noise import NoiseSource

T = 229
TILES = tiling.Tiles.of(side=352, out_side=352, overlap=0.25)


def refined(
    network: unet.Predictor,
    latents: Tensor,
    context: unet.Context,
    noise: NoiseSource,
    first_draw: int,
    tiles: tiling.Tiles = TILES,
    t: int = T,
) -> Tensor:
    """Latents [4, h, w] after one Flash step on each tile; h and w are multiples of 8.

    Every tile has a draw of its own, in reading order from `first_draw`.
    """
    plan, prompts = (sampler.Direct(t),), {sampler.Variant.FLASH: sampler.Prompt(context)}
    draws = iter(range(first_draw, first_draw + tiling.passes(latents.shape[-2], latents.shape[-1], tiles)))

    def step(tile: Tensor) -> Tensor:
        (state,) = sampler.advance([sampler.State(tile[0], plan, prompts, noise, next(draws))], network)
        return state.latents.unsqueeze(0)

    return tiling.mapped(latents.unsqueeze(0), tiles, step)[0]
