"""One picture on its way, whichever engine paints it, and the recipes that begin it.

A recipe turns a task into paintings; everything after that (steps, batches, previews, decoding) is common to all kinds
of an engine and lives in its `painter`.
"""

from __future__ import annotations

import abc
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines import engine, errors, sizes, tasks


class State(Protocol):
    """What a sampler keeps of a picture between two steps."""

    @property
    def done(self) -> bool: ...

    @property
    def position(self) -> int: ...

    @property
    def plan(self) -> Sequence[object]: ...


S = TypeVar("S", bound=State)
T = TypeVar("T", contravariant=True)
P = TypeVar("P", bound="Painting[Any]")


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
class Painting(abc.ABC, Generic[S]):
    """A state, what its picture will be, and what is laid over it."""

    state: S
    size: sizes.Size
    seed: int
    kept: Kept | None = None

    @property
    @abc.abstractmethod
    def lane(self) -> Hashable:
        """What states must share to advance in one batch. Asked only while a step is left."""

    @property
    @abc.abstractmethod
    def next_stage(self) -> tasks.Stage:
        """What the next step belongs to. Asked only while a step is left."""

    @property
    def stage(self) -> tasks.Stage:
        """What comes next."""
        return tasks.Stage.DECODING if self.state.done else self.next_stage

    def unit(self) -> engine.Unit:
        """The painting as the pool sees it."""
        lane = None if self.state.done else self.lane
        return engine.Unit(lane, self.stage, self.state.position, len(self.state.plan), self)


class Recipe(Protocol[T, P]):
    """How tasks of one kind begin."""

    def plan(self, task: T) -> Sequence[object]:
        """The steps that each picture takes. Nothing is loaded for it."""
        ...

    def begin(self, task: T, media: tasks.Media) -> list[P]:
        """A painting for each picture of the task. Raises InvalidTask, CheckpointError."""
        ...


def of(unit: engine.Unit, kind: type[P]) -> P:
    """The painting in a unit. Raises EngineFailed for a unit of another engine."""
    if not isinstance(unit.payload, kind):
        raise errors.EngineFailed("a unit of another engine came here")
    return unit.payload
