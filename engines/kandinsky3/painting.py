"""One picture of the family on its way."""

from __future__ import annotations

from dataclasses import dataclass

from engines import engine, painting, tasks
from engines.kandinsky3 import sampler


@dataclass(frozen=True, slots=True)
class Lane:
    """What states must share to advance in one batch: the network and the canvas."""

    variant: sampler.Variant
    height_px: int
    width_px: int


@dataclass(frozen=True, slots=True)
class Painting(painting.Painting[sampler.State]):
    """A picture that a Kandinsky 3 network paints."""

    @property
    def lane(self) -> Lane:
        return Lane(self.state.next_step.variant, self.size.canvas_height_px, self.size.canvas_width_px)

    @property
    def next_stage(self) -> tasks.Stage:
        is_direct, began_direct = (
            isinstance(step, sampler.Direct) for step in (self.state.next_step, self.state.plan[0])
        )
        return tasks.Stage.REFINING if is_direct and not began_direct else tasks.Stage.SAMPLING


def of(unit: engine.Unit) -> Painting:
    """The painting in a unit. Raises EngineFailed for a unit of another engine."""
    return painting.of(unit, Painting)
