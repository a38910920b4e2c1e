"""One picture on its way to twice or four times its size, and the methods that bring it there.

The canvas is the picture with its last row and column repeated until the networks can divide its sides; the result is
cut from the canvas. So every size comes out exactly `factor` times as large. (The original instead squeezes the
picture to a canvas and stretches the result, which costs up to 31 rows or columns of detail.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engines import engine, errors, tasks
from engines.kandinsky3 import noise, unet
from engines.kandinsky3.super_resolution import network, sampler

REFINED_MULTIPLE_PX = 64  # the latent Flash network halves latents three times


@dataclass(frozen=True, slots=True)
class Method:
    """A checkpoint and how it is sampled. Only Flash results are refined."""

    stem: str
    factor: int
    plan: Callable[[], tuple[sampler.Step, ...]]
    refines: bool = False


FLASH_X2 = Method("kandi_super_res_x2_flash", 2, sampler.flash_plan, refines=True)
X2 = Method("kandi_super_res_x2", 2, sampler.solver_plan)
X4 = Method("kandi_super_res_x4", 4, sampler.solver_plan)
# By factor; the first whose checkpoint is there is taken.
METHODS = {2: (FLASH_X2, X2), 4: (X4,)}


@dataclass(frozen=True, slots=True)
class Lane:
    """What units must share to advance in one batch: what they do next, and the canvas."""

    work: str
    height_px: int
    width_px: int


@dataclass(frozen=True, slots=True)
class Enlargement:
    """A picture after some steps. `context` is what the refine pass hears, None where there is none.

    `refined` is what that pass made: latents float32 [4, h/8, w/8].
    """

    method: Method
    state: sampler.State
    width_px: int
    height_px: int
    seed: int
    context: unet.Context | None = None
    refined: Tensor | None = None

    @property
    def stage(self) -> tasks.Stage:
        """What comes next."""
        if not self.state.done:
            return tasks.Stage.SAMPLING
        awaits_refining = self.context is not None and self.refined is None
        return tasks.Stage.REFINING if awaits_refining else tasks.Stage.DECODING

    @property
    def canvas_px(self) -> tuple[int, int]:
        """Height and width of the canvas, enlarged."""
        height, width = self.state.pixels.shape[-2:]
        return height, width

    def cut(self, canvas: Tensor) -> Tensor:
        """The result [..., height_px, width_px] of a canvas."""
        return canvas[..., : self.height_px, : self.width_px]

    def unit(self) -> engine.Unit:
        """The enlargement as the pool sees it."""
        steps = len(self.state.plan) + (self.context is not None)
        step = self.state.position + (self.refined is not None)
        work = {tasks.Stage.SAMPLING: self.method.stem, tasks.Stage.REFINING: "refine"}.get(self.stage)
        lane = Lane(work, *self.canvas_px) if work is not None else None
        return engine.Unit(lane, self.stage, step, steps, self)


def begin(
    image: Image.Image, method: Method, seed: int, context: unet.Context | None, device: torch.device
) -> Enlargement:
    """The beginning for an RGB picture; with a context it will be refined."""
    multiple = (network.MULTIPLE_PX if context is None else REFINED_MULTIPLE_PX) // method.factor
    small = torch.from_numpy(np.asarray(image, dtype=np.float32) / 127.5 - 1).movedim(-1, 0).to(device)
    spare = (-image.width % multiple, -image.height % multiple)
    canvas = functional.pad(small.unsqueeze(0), (0, spare[0], 0, spare[1]), mode="replicate")[0]
    state = sampler.begin(canvas, method.factor, method.plan(), None, noise.Seeded(seed))
    return Enlargement(method, state, image.width * method.factor, image.height * method.factor, seed, context)


def of(unit: engine.Unit) -> Enlargement:
    """The enlargement in a unit. Raises EngineFailed for a unit of another engine."""
    if not isinstance(unit.payload, Enlargement):
        raise errors.EngineFailed("a unit of another engine came here")
    return unit.payload
