"""A small HED, the edge detector of style transfer (paper section 5.4), taught on the true edges of rendered scenes.

The network is the engines' own (`engines.kandinsky3.hed`), at an eighth of its widths. Its truth is where a shape
ends, whatever it is drawn with: the line of an outline, not the two rims of that line; the shape below a mosaic, not
its tiles.
"""

import dataclasses

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engines.kandinsky3 import hed
from training import config, family_config, loop, renderer, world

NAME = "hed"
FIRST_SEED = 50_000_000


def build(settings: family_config.HedConfig) -> hed.HED:
    return hed.HED(hed.HEDConfig(widths=settings.widths))


def true_edges(scene: world.Scene) -> np.ndarray:
    """Float32 [height, width]: 1 on the pixels on either side of the rim of every shape, 0 elsewhere."""
    edges = np.zeros((scene.height, scene.width), bool)
    for thing in scene.things:
        covered = renderer.coverage(scene, thing) > 0.5
        across, down = covered[:, 1:] != covered[:, :-1], covered[1:] != covered[:-1]
        edges[:, 1:] |= across
        edges[:, :-1] |= across
        edges[1:] |= down
        edges[:-1] |= down
    return edges.astype(np.float32)


def restyled(scene: world.Scene, rng: np.random.Generator, flat: float) -> world.Scene:
    """The same shapes in the same places, flat with this probability and otherwise in any style."""
    style = "flat" if rng.random() < flat else world.STYLES[rng.integers(len(world.STYLES))]
    return dataclasses.replace(scene, style=style)


def loss(outputs: list[Tensor], truth: Tensor, sides: float) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the mean of the side outputs and of each, edges weighing as much as all the rest; and the F1.

    `outputs` are logits [B, 1, h/2^i, w/2^i], `truth` [B, 1, h, w].
    """
    size = truth.shape[-2:]
    grown = [functional.interpolate(output, size=size, mode="bilinear") for output in outputs]
    fused = torch.stack(grown).mean(0)
    # half of the full balance: the whole would draw edges three times too wide
    weight = ((truth == 0).sum() / truth.sum().clamp(min=1)).sqrt()
    entropy = functional.binary_cross_entropy_with_logits(fused, truth, pos_weight=weight)
    for output in grown:
        entropy = entropy + sides / len(grown) * functional.binary_cross_entropy_with_logits(
            output, truth, pos_weight=weight
        )
    found = (fused > 0).float()
    hits = (found * truth).sum()
    return entropy, 2 * hits / (found.sum() + truth.sum()).clamp(min=1)


def train(settings: family_config.HedConfig, stop_at: float | None = None) -> hed.HED:
    """Train (or go on training) the detector."""
    torch.manual_seed(0)
    detector = build(settings)
    rng = np.random.default_rng(13)
    scenes = [restyled(world.sample_scene(FIRST_SEED + i, (128, 128)), rng, 0.4) for i in range(settings.scenes)]
    pictures = [renderer.render(scene) for scene in scenes]
    truths = [true_edges(scene) > 0 for scene in scenes]

    def losses(step: int, share: float) -> loop.Losses:
        chosen = np.random.default_rng((step, 14, loop.worker())).integers(len(scenes), size=settings.batch)
        seen = torch.from_numpy(np.stack([pictures[i] for i in chosen])).permute(0, 3, 1, 2).float() / 255
        truth = torch.from_numpy(np.stack([truths[i] for i in chosen])).float()[:, None]
        if step % 2:
            seen, truth = seen.flip(-1), truth.flip(-1)
        value, f1 = loss(detector.logits(seen), truth, settings.sides)
        return {"loss": value, "f1": f1}

    loop.run(detector, losses, settings, config.workspace() / NAME, weight_decay=0.0, stop_at=stop_at, every=25)
    return detector


def load(settings: family_config.HedConfig) -> hed.HED:
    """The averaged weights of the checkpoint, frozen."""
    return loop.restored(build(settings), config.workspace() / NAME).requires_grad_(False)
