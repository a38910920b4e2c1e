"""How the picture tower of the small CLIP gets to see shapes: where it begins, and what it is shown first."""

import dataclasses

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import CLIPVisionModelWithProjection
from transformers.models.clip.modeling_clip import CLIPVisionEmbeddings

from training import world

SQUARE = (128, 128)
SURE = 0.85  # share of shapes read right at which the pictures become harder
WINDOW = 15  # steps that this is counted over
RUNG = 0.1
EASY_RADIUS_PX = 26.0
LONGEST_WAVE = 50.0  # of the places, in patches


@torch.no_grad()
def begin(tower: CLIPVisionModelWithProjection, pictures: Tensor) -> None:
    """Whiten the patches of these pictures [B, 3, side, side] in the first layer, and give places sines on the grid.

    With random weights the colour of a patch drowns where an edge runs through it: its variance is a thousand times
    that of the edge.
    """
    first = embeddings(tower)
    layer = first.patch_embedding
    width, patch_px = layer.weight.shape[0], layer.kernel_size[0]
    patches = functional.unfold(pictures, patch_px, stride=patch_px).transpose(1, 2).flatten(0, 1)
    centred = patches - patches.mean(0)
    variances, directions = torch.linalg.eigh(centred.T @ centred / len(centred))
    variances, directions = variances.flip(0)[:width], directions.flip(1)[:, :width]
    floor = 0.01 * variances[min(3, len(variances) - 1)]  # the first three are the colours of whole patches
    whitening = (directions / (variances + floor).sqrt()).T
    layer.weight[: len(whitening)] = whitening.reshape(-1, *layer.weight.shape[1:])
    first.position_embedding.weight[0] = 0.0
    first.position_embedding.weight[1:] = places(int(pictures.shape[-1] // patch_px), width)


def places(cells: int, width: int) -> Tensor:
    """Sines and cosines of column and row, float32 [cells * cells, width]."""
    quarter = width // 4
    rates = LONGEST_WAVE ** -(torch.arange(quarter) / quarter)
    row, column = torch.meshgrid(torch.arange(cells).float(), torch.arange(cells).float(), indexing="ij")
    angles = [at.flatten()[:, None] * rates for at in (column, row)]
    return torch.cat([turn(angle) for angle in angles for turn in (torch.sin, torch.cos)], 1)


def eased(rng: np.random.Generator, reach: float) -> world.Scene:
    """A scene of one object; with a reach of 0 flat, in the middle and of one size, with 1 as the world has it."""
    scene = world.sample_scene(int(rng.integers(2**40, 2**50)), SQUARE)
    while scene.relation is not None:
        scene = world.sample_scene(int(rng.integers(2**40, 2**50)), SQUARE)
    share = reach * rng.random() ** 0.5
    thing, middle = scene.things[0], SQUARE[0] / 2
    radius = EASY_RADIUS_PX + share * (thing.radius - EASY_RADIUS_PX)
    nearer = dataclasses.replace(
        thing,
        size="small" if radius < 20 else "big" if radius > 32 else "medium",
        place=None,
        cx=middle + share * (thing.cx - middle),
        cy=middle + share * (thing.cy - middle),
        radius=radius,
    )
    return dataclasses.replace(scene, things=(nearer,), style=scene.style if rng.random() < reach else "flat")


class Ladder:
    """How far the pictures reach: a rung more whenever enough shapes were read right lately."""

    def __init__(self) -> None:
        self.reach = 0.0
        self._lately: list[float] = []

    @property
    def is_climbed(self) -> bool:
        return self.reach >= 1.0

    def step(self, right: float) -> None:
        """Count a step in which this share of shapes was read right."""
        self._lately.append(right)
        if len(self._lately) < WINDOW:
            return
        if np.mean(self._lately) > SURE:
            self.reach = min(1.0, self.reach + RUNG)
            self._lately = []
        else:
            del self._lately[0]


def embeddings(tower: CLIPVisionModelWithProjection) -> CLIPVisionEmbeddings:
    """The first layer of a tower: patches and places."""
    return next(module for module in tower.modules() if isinstance(module, CLIPVisionEmbeddings))
