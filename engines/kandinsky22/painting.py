"""One picture of Kandinsky 2.2 on its way."""

from __future__ import annotations

from dataclasses import dataclass

from engines import engine, painting, tasks
from engines.kandinsky22 import sampler


@dataclass(frozen=True, slots=True)
class Lane:
    """What states must share to advance in one batch; the prior takes pictures of any size (0)."""

    network: sampler.Network
    height_px: int
    width_px: int


@dataclass(frozen=True, slots=True)
class Painting(painting.Painting[sampler.State]):
    """A picture that is with the prior first, then with a decoder."""

    @property
    def lane(self) -> Lane:
        network, size = self.state.next_step.network, self.size
        is_prior = network is sampler.Network.PRIOR
        return Lane(network, *((0, 0) if is_prior else (size.canvas_height_px, size.canvas_width_px)))

    @property
    def next_stage(self) -> tasks.Stage:
        is_prior = self.state.next_step.network is sampler.Network.PRIOR
        return tasks.Stage.IMAGINING if is_prior else tasks.Stage.SAMPLING


def of(unit: engine.Unit) -> Painting:
    """The painting in a unit. Raises EngineFailed for a unit of another engine."""
    return painting.of(unit, Painting)
