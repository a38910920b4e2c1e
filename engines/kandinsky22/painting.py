"""One picture of Kandinsky 2.2 on its way, as the pool sees it."""

from __future__ import annotations

from dataclasses import dataclass

from engines import engine, errors, sizes, tasks
from engines.kandinsky3.painting import Kept
from engines.kandinsky22 import sampler


@dataclass(frozen=True, slots=True)
class Lane:
    """What states must share to advance in one batch; the prior takes pictures of any size (0)."""

    network: sampler.Network
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
        is_prior = self.state.next_step.network is sampler.Network.PRIOR
        return tasks.Stage.IMAGINING if is_prior else tasks.Stage.SAMPLING

    def unit(self) -> engine.Unit:
        """The painting as the pool sees it."""
        lane = None
        if not self.state.done:
            network, size = self.state.next_step.network, self.size
            is_prior = network is sampler.Network.PRIOR
            lane = Lane(network, *((0, 0) if is_prior else (size.canvas_height_px, size.canvas_width_px)))
        return engine.Unit(lane, self.stage, self.state.position, len(self.state.plan), self)


def of(unit: engine.Unit) -> Painting:
    """The painting in a unit. Raises EngineFailed for a unit of another engine."""
    if not isinstance(unit.payload, Painting):
        raise errors.EngineFailed("a unit of another engine came here")
    return unit.payload
