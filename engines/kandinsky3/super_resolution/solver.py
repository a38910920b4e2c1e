"""DPM-Solver++ of the second order on the linear schedule, one step at a time and without memory of its own.

The solver is diffusers' `DPMSolverMultistepScheduler`, as ai-forever/KandiSuperRes `model/diffusion_sr.py` calls it:
linear schedule, x0 prediction, no thresholding. The scheduler keeps the last prediction between steps; here it
comes in and goes out with the picture, so that a step can be repeated.
"""

from __future__ import annotations

import copy
import functools
from typing import Any

import torch
from torch import Tensor

from engines import bridges

STEPS = 5  # the original's default


def times(steps: int) -> tuple[int, ...]:
    """The timesteps at which the network runs; 999, 799, 599, 400, 200 for five steps."""
    return tuple(_scheduler(steps).timesteps.tolist())


def step(number: int, steps: int, x_t: Tensor, x0: Tensor, x0_before: Tensor | None) -> Tensor:
    """The picture after step `number` of `steps`, counted from 0: float32 like x_t, of any shape.

    `x0` is what the network predicts in x_t and `x0_before` what it predicted one step earlier, None at the first step.
    """
    scheduler = copy.copy(_scheduler(steps))
    scheduler.model_outputs = [None, x0_before]
    scheduler.lower_order_nums = min(number, 1)
    scheduler.set_begin_index(number)
    after: Tensor = scheduler.step(x0, torch.tensor(times(steps)[number]), x_t, return_dict=False)[0]
    return after


@functools.cache
def _scheduler(steps: int) -> Any:
    """A scheduler that has not taken a step; it is copied, never used."""
    bridges.install()
    from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler

    scheduler = DPMSolverMultistepScheduler(beta_schedule="linear", prediction_type="sample", thresholding=False)
    scheduler.set_timesteps(steps)
    return scheduler
