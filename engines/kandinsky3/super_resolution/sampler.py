"""The two samplers of KandiSuperRes: four Flash steps, or DPM-Solver steps, both over the windows of a picture.

Sources: ai-forever/KandiSuperRes `model/diffusion_sr_turbo.py` (Flash, x2), `model/diffusion_sr.py` (x4 and x2). Both
use the linear schedule, and the network predicts x0. A `State` is immutable, so a step that failed is taken again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engines.kandinsky3 import schedule
from engines.kandinsky3.noise import NoiseSource
from engines.kandinsky3.super_resolution import network as networks
from engines.kandinsky3.super_resolution import solver, views

SCHEDULE = schedule.linear()
# Flash sees at most this at once: a 2048x2048 picture, for which the published network keeps 5.05 GiB of activations in
# float16, as much as the MoVQ decoder at 1024x1024.
WHOLE_PX = 2048 * 2048
# Smaller looks share a pass up to two windows of 1024x1024 (15.9 TFLOP and 1.26 GiB each), so that the state of a large
# picture, up to 1.2 GiB at 4096x4096, has room beside them. The original looks at 15 windows at once.
PASS_PX = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Direct:
    """A Flash step: noise the estimate of x0 to level t afresh, predict x0 from it."""

    t: int


@dataclass(frozen=True, slots=True)
class Solved:
    """Step `number` of `steps` of the solver, counted from 0."""

    t: int
    number: int
    steps: int


Step = Direct | Solved


@dataclass(frozen=True, slots=True)
class State:
    """A picture between two steps: `pixels` float32 [3, h, w], noisy until the end, beside the small one as `guide`.

    `draws` is the noises used up so far, `estimate` the x0 of the last step, `seen` the same before averaging, by view.
    """

    pixels: Tensor
    guide: Tensor
    plan: tuple[Step, ...]
    views: tuple[views.View, ...]
    noise: NoiseSource
    draws: int = 0
    position: int = 0
    estimate: Tensor | None = None
    seen: tuple[Tensor, ...] = ()

    @property
    def done(self) -> bool:
        return self.position == len(self.plan)

    @property
    def next_step(self) -> Step:
        return self.plan[self.position]


def flash_plan() -> tuple[Direct, ...]:
    """The four Flash steps."""
    return tuple(Direct(t) for t in schedule.FLASH_TIMES)


def solver_plan(steps: int = solver.STEPS) -> tuple[Solved, ...]:
    """The solver's steps."""
    return tuple(Solved(t, number, steps) for number, t in enumerate(solver.times(steps)))


def begin(
    small: Tensor, factor: int, plan: tuple[Step, ...], looking: tuple[views.View, ...] | None, noise: NoiseSource
) -> State:
    """A state of pure noise, draw 0 of its source, for a small picture [3, h, w] in [-1, 1].

    Without `looking`, Flash sees the picture whole as long as one pass can, and the solver always through windows.
    """
    height, width = small.shape[-2] * factor, small.shape[-1] * factor
    if looking is None:
        whole = isinstance(plan[0], Direct) and height * width <= WHOLE_PX
        looking = views.whole(height, width) if whole else views.cover(height, width)
    guide = networks.enlarged(small.unsqueeze(0), height, width)[0]
    return State(noise.draw(0, guide.shape).to(guide.device), guide, plan, looking, noise, draws=1)


@torch.inference_mode()
def advance(states: Sequence[State], network: networks.Network) -> list[State]:
    """Every state one step further; their pictures may differ in size, time and plan."""
    entered = [_enter(state) for state in states]
    rows = [
        _Row(state.next_step.t, view.of(x_t), view.of(state.guide))
        for state, x_t in zip(states, entered, strict=True)
        for view in state.views
    ]
    seen = iter(_look(rows, network))
    return [
        _leave(state, x_t, tuple(next(seen) for _ in state.views)) for state, x_t in zip(states, entered, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Row:
    """One look of the network."""

    t: int
    x_t: Tensor
    guide: Tensor


def _look(rows: Sequence[_Row], network: networks.Network) -> list[Tensor]:
    """What the network sees in each row; rows of one shape share passes of PASS_PX."""
    seen: dict[int, Tensor] = {}
    shapes: dict[torch.Size, list[int]] = {}
    for number, row in enumerate(rows):
        shapes.setdefault(row.x_t.shape, []).append(number)
    for shape, numbers in shapes.items():
        at_once = max(1, PASS_PX // (shape[-2] * shape[-1]))
        for first in range(0, len(numbers), at_once):
            batch = numbers[first : first + at_once]
            looked = network(
                torch.stack([rows[i].x_t for i in batch]),
                [rows[i].t for i in batch],
                torch.stack([rows[i].guide for i in batch]),
            )
            seen.update(zip(batch, looked, strict=True))
    return [seen[number] for number in range(len(rows))]


def _enter(state: State) -> Tensor:
    """The network's input for the next step."""
    step = state.next_step
    if isinstance(step, Solved):
        return state.pixels
    return SCHEDULE.noised(
        state.pixels, step.t, state.noise.draw(state.draws, state.pixels.shape).to(state.pixels.device)
    )


def _leave(state: State, x_t: Tensor, seen: tuple[Tensor, ...]) -> State:
    """The state after its next step, given the x0 that the network sees in each view of x_t."""
    step = state.next_step
    height, width = x_t.shape[-2:]
    estimate = views.average(seen, state.views, height, width)
    if isinstance(step, Direct):
        return dataclasses.replace(
            state, pixels=estimate, draws=state.draws + 1, position=state.position + 1, estimate=estimate
        )
    before: Sequence[Tensor | None] = state.seen or [None] * len(seen)
    solved = [
        solver.step(step.number, step.steps, view.of(x_t), x0, x0_before)
        for view, x0, x0_before in zip(state.views, seen, before, strict=True)
    ]
    pixels = views.average(solved, state.views, height, width)
    return dataclasses.replace(state, pixels=pixels, position=state.position + 1, estimate=estimate, seen=seen)
