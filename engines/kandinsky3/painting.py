"""One picture of the family on its way, and the recipes that begin it: what differs between the kinds.

A recipe turns a task into paintings; everything after that (steps, batches, previews, decoding) is common to all kinds
and lives in `painter`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines import engine, errors, sizes, tasks
from engines.kandinsky3 import sampler

T = TypeVar("T", contravariant=True)


@dataclass(frozen=True, slots=True)
class Kept:
    """Pixels laid over the decoded picture: `pixels` uint8 [h, w, 3], `repaint` float32 [h, w] in 0..1.

    0 keeps the pixel as it is, 1 takes the painted one. The result has the size of `pixels`.
    """

    pixels: NDArray[np.uint8] = field(repr=False)
    repaint: NDArray[np.float32] = field(repr=False)

    def over(self, painted: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The kept pixels over a painted picture [h, w, 3], which is brought to their size."""
        height, width = self.repaint.shape
        if painted.shape[:2] != (height, width):
            painted = np.asarray(Image.fromarray(painted).resize((width, height), Image.Resampling.LANCZOS))
        new = self.repaint > 0  # arithmetic only there: a large photo as floats takes gigabytes
        share = self.repaint[new][:, None]
        result = self.pixels.copy()
        result[new] = ((1 - share) * self.pixels[new] + share * painted[new]).round().astype(np.uint8)
        return result


@dataclass(frozen=True, slots=True)
class Lane:
    """What states must share to advance in one batch: the network and the canvas."""

    variant: sampler.Variant
    height_px: int
    width_px: int


@dataclass(frozen=True, slots=True)
class Painting:
    """A state, what its picture will be, and what is laid over it."""

    state: sampler.State
    size: sizes.Size
    seed: int
    kept: Kept | None = None

    @property
    def stage(self) -> tasks.Stage:
        """What comes next."""
        if self.state.done:
            return tasks.Stage.DECODING
        refining = isinstance(self.state.next_step, sampler.Direct) and not isinstance(
            self.state.plan[0], sampler.Direct
        )
        return tasks.Stage.REFINING if refining else tasks.Stage.SAMPLING

    def unit(self) -> engine.Unit:
        """The painting as the pool sees it."""
        lane = None
        if not self.state.done:
            lane = Lane(self.state.next_step.variant, self.size.canvas_height_px, self.size.canvas_width_px)
        return engine.Unit(lane, self.stage, self.state.position, len(self.state.plan), self)


class Recipe(Protocol[T]):
    """How tasks of one kind begin."""

    def plan(self, task: T) -> tuple[sampler.Step, ...]:
        """The steps that each picture takes. Nothing is loaded for it."""
        ...

    def begin(self, task: T, media: tasks.Media) -> list[Painting]:
        """A painting for each picture of the task. Raises InvalidTask, CheckpointError."""
        ...


def of(unit: engine.Unit) -> Painting:
    """The painting in a unit. Raises EngineFailed for a unit of another engine."""
    if not isinstance(unit.payload, Painting):
        raise errors.EngineFailed("a unit of another engine came here")
    return unit.payload
