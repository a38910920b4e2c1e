"""The samplers: base with guidance, Flash, refiner, the fork's DDPM, one step at a time for many pictures at once.

A `State` is a picture on its way: immutable, so a step that failed is simply taken again. `advance` takes states at any
timesteps and of any prompts, as long as their next step needs the same network and their latents have one shape;
pictures join and leave a batch between steps. State arithmetic is float32 whatever the network's dtype.

Sources: ai-forever/Kandinsky-3 `model/diffusion.py`, `t2i_pipeline.py`; the refiner is the paper's section 5.2; DDPM is
the scheduler of the pipelines in ai-forever/kandinsky3-diffusers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor

from engines import tasks
from engines.kandinsky3 import schedule, unet
from engines.kandinsky3.noise import NoiseSource

SCHEDULE = schedule.cosine()
QUANTILE = 0.99  # of dynamic thresholding, base
INPAINTING_QUANTILE = 0.95


class Variant(StrEnum):
    """The networks of the family that the samplers call."""

    BASE = "base"
    FLASH = "flash"
    INPAINTING = "inpainting"
    IMAGE_PROMPT = "image prompt"
    EDGES = "edges"
    DEPTH = "depth"
    SCRIBBLE = "scribble"
    EDGES_AND_IMAGE = "edges and image prompt"
    DEPTH_AND_IMAGE = "depth and image prompt"
    SCRIBBLE_AND_IMAGE = "scribble and image prompt"


@dataclass(frozen=True, slots=True)
class Prompt:
    """What one network is told; without a negative the learned null embedding takes its place.

    The fork has no null embedding: its prompts always have a negative, `unet.silent` where nothing is said.
    """

    positive: unet.Context
    negative: unet.Context | None = None


@dataclass(frozen=True, slots=True)
class Guided:
    """A step of the base sampler from t to `previous`: (w+1)c - wu, dynamic threshold, ancestral noise.

    `quantile` None clips to ±1; η is inside the root of σ.
    """

    t: int
    previous: int
    guidance: float
    quantile: float | None = QUANTILE
    eta: float = 1.0
    variant: Variant = Variant.BASE


@dataclass(frozen=True, slots=True)
class Direct:
    """A Flash step: noise the estimate of x0 to level t afresh, predict x0 from it without guidance or threshold."""

    t: int
    variant: Variant = Variant.FLASH


@dataclass(frozen=True, slots=True)
class Posterior:
    """A step of the fork's sampler from t to `previous`: (w+1)c - wu, x0 clipped to ±1, the mean and noise of the DDPM.

    `previous` None is the end, where ᾱ is 1. `scale` multiplies the scale of the picture's condition in this step.
    """

    t: int
    previous: int | None
    guidance: float
    variant: Variant
    scale: float = 1.0


Step = Guided | Direct | Posterior


@dataclass(frozen=True, slots=True)
class State:
    """A picture between two steps: `latents` float32 [4, h, w], `draws` the noises used up so far.

    `estimate` is the x0 that the last step predicted, as the sampler went on with it (thresholded where it does that).
    """

    latents: Tensor
    plan: tuple[Step, ...]
    prompts: Mapping[Variant, Prompt]
    noise: NoiseSource
    draws: int
    position: int = 0
    estimate: Tensor | None = None
    condition: unet.Condition | None = None

    @property
    def done(self) -> bool:
        return self.position == len(self.plan)

    @property
    def next_step(self) -> Step:
        return self.plan[self.position]


def base_plan(
    steps: int,
    guidance: float,
    quantile: float | None = QUANTILE,
    eta: float = 1.0,
    variant: Variant = Variant.BASE,
) -> tuple[Guided, ...]:
    """The base sampler's steps; the last leads to t = 0, not to a noise-free ᾱ of 1."""
    times = schedule.base_times(steps)
    pairs = zip(times, (*times[1:], 0), strict=True)
    return tuple(Guided(t, previous, guidance, quantile, eta, variant) for t, previous in pairs)


def ddpm_plan(steps: int, guidance: float, variant: Variant, strength: float = 1.0) -> tuple[Posterior, ...]:
    """The fork's steps, of which a strength below 1 keeps the last share (at least one).

    Such a plan starts from a picture noised to its first time; see `begin`.
    """
    times = schedule.ddpm_times(steps)
    kept = tasks.steps_taken(steps, strength)
    pairs = zip(times, (*times[1:], None), strict=True)
    return tuple(Posterior(t, previous, guidance, variant) for t, previous in pairs)[-kept:]


def flash_plan() -> tuple[Direct, ...]:
    """The four Flash steps."""
    return tuple(Direct(t) for t in schedule.FLASH_TIMES)


def refiner_plan() -> tuple[Direct, ...]:
    """The two Flash steps that refine a base result."""
    return tuple(Direct(t) for t in schedule.REFINER_TIMES)


def begin(
    plan: tuple[Step, ...],
    prompts: Mapping[Variant, Prompt],
    noise: NoiseSource,
    shape: Sequence[int],
    device: torch.device | str = "cpu",
    *,
    start: Tensor | None = None,
    condition: unet.Condition | None = None,
) -> State:
    """A state of pure noise, draw 0 of its source, or of `start` (latents [4, h, w]) noised by it to the first time."""
    latents = noise.draw(0, shape).to(device)
    if start is not None:
        latents = SCHEDULE.noised(start.to(device), plan[0].t, latents)
    return State(latents, plan, prompts, noise, draws=1, condition=condition)


@torch.inference_mode()
def advance(states: Sequence[State], network: unet.Predictor) -> list[State]:
    """Every state one step further. All next steps must be of the network's variant, all latents of one shape."""
    steps = [state.next_step for state in states]
    entered = [_enter(state) for state in states]
    prompts = [state.prompts[step.variant] for state, step in zip(states, steps, strict=True)]
    noises = predict(network, entered, steps, prompts, [state.condition for state in states])
    return [_leave(state, x_t, noise) for state, x_t, noise in zip(states, entered, noises, strict=True)]


@torch.inference_mode()
def predict(
    network: unet.Predictor,
    entered: Sequence[Tensor],
    steps: Sequence[Step],
    prompts: Sequence[Prompt],
    conditions: Sequence[unet.Condition | None] | None = None,
) -> list[Tensor]:
    """The noise in each picture x_t [4, h, w], guided where its step says so, from one pass of the network.

    Both halves of a guided step see the picture's condition.
    """
    guided = {i: step.guidance for i, step in enumerate(steps) if isinstance(step, Guided | Posterior)}
    rows = [*range(len(steps)), *guided]  # conditional rows first, as in the original
    unsaid = [prompts[i].negative or unet.unconditional(prompts[i].positive, network.null_embedding) for i in guided]
    seen = [_scaled(one, step) for one, step in zip(conditions or [None] * len(steps), steps, strict=True)]
    predicted = network(
        torch.stack([entered[i] for i in rows]),
        [steps[i].t for i in rows],
        [*(prompt.positive for prompt in prompts), *unsaid],
        [seen[i] for i in rows],
    )
    noises = list(predicted[: len(steps)])
    for (i, guidance), unconditional in zip(guided.items(), predicted[len(steps) :], strict=True):
        noises[i] = guide(noises[i], unconditional, guidance)
    return noises


def guide(conditional: Tensor, unconditional: Tensor, guidance: float) -> Tensor:
    """(w+1)·c - w·u: a guidance of 3 here is 4 in the usual convention."""
    return (guidance + 1) * conditional - guidance * unconditional


def threshold(x0: Tensor, quantile: float | None) -> Tensor:
    """One picture's x0 clipped to ±s and divided by s, the quantile of its magnitudes and at least 1."""
    if quantile is None:
        return x0.clamp(-1, 1)
    s = torch.quantile(x0.abs().flatten(), quantile).clamp(min=1)
    return x0.clamp(-s, s) / s


def _enter(state: State) -> Tensor:
    """The network's input for the next step."""
    step = state.next_step
    if not isinstance(step, Direct):
        return state.latents
    return SCHEDULE.noised(state.latents, step.t, _draw(state))


def _leave(state: State, x_t: Tensor, noise: Tensor) -> State:
    """The state after its next step, given the noise predicted in x_t."""
    step = state.next_step
    if isinstance(step, Guided):
        x0 = threshold(SCHEDULE.clean(x_t, step.t, noise), step.quantile)
        latents = _ancestral(state, step, x_t, x0)
    elif isinstance(step, Posterior):
        x0 = threshold(SCHEDULE.clean(x_t, step.t, noise), None)
        latents = _posterior(state, step, x_t, x0)
    else:
        x0 = latents = SCHEDULE.clean(x_t, step.t, noise)
    position, draws = state.position + 1, state.draws + 1
    return dataclasses.replace(state, latents=latents, position=position, draws=draws, estimate=x0)


def _ancestral(state: State, step: Guided, x_t: Tensor, x0: Tensor) -> Tensor:
    noise = SCHEDULE.noise_between(x_t, step.t, x0)
    alpha = SCHEDULE.alpha_bar(step.previous)
    sigma = SCHEDULE.sigma(step.t, step.previous, step.eta)
    latents = alpha.sqrt() * x0 + (1 - alpha - sigma**2).clamp(min=0).sqrt() * noise
    if step.previous == 0:  # the original draws here too and multiplies by 0: the draw is counted, not made
        return latents
    return latents + sigma * _draw(state)


def _posterior(state: State, step: Posterior, x_t: Tensor, x0: Tensor) -> Tensor:
    """A draw of q(x_previous | x_t, x0). The last step's is counted, not made: its deviation is 1e-10."""
    mean, deviation = SCHEDULE.between(step.t, step.previous, x_t, x0)
    return mean if step.previous is None else mean + deviation * _draw(state)


def _scaled(condition: unet.Condition | None, step: Step) -> unet.Condition | None:
    if condition is None or not isinstance(step, Posterior) or step.scale == 1.0:
        return condition
    return dataclasses.replace(condition, scale=condition.scale * step.scale)


def _draw(state: State) -> Tensor:
    return state.noise.draw(state.draws, state.latents.shape).to(state.latents.device)
