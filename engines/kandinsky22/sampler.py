"""The two samplers, prior and decoder, one step at a time for many pictures at once.

A `State` is a picture on its way, immutable: first its embedding is imagined out of noise, unless it came from
pictures, then its latents are painted. States at any timesteps advance in one batch, as long as their next step needs
the same network and, for a decoder, their latents have one shape. State arithmetic is float32 whatever the network's
dtype.

Sources: diffusers `pipelines/kandinsky2_2/` (prior, decoder, img2img, inpainting, controlnet).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor

from engines import errors, tasks
from engines.kandinsky3.noise import NoiseSource
from engines.kandinsky22 import networks, schedules
from engines.kandinsky22.words import Text

# Draws are known by number: each track begins its own thousand, far more than the 200 steps that a task can have.
WANTED_DRAWS, UNWANTED_DRAWS, DECODER_DRAWS = 0, 1000, 2000


class Network(StrEnum):
    """The networks that the samplers call."""

    PRIOR = "prior"
    DECODER = "decoder"
    INPAINTING = "inpainting"
    DEPTH = "depth"


@dataclass(frozen=True, slots=True)
class Step:
    """From t to `previous`, None at the end. `guidance` is the s of u + s(c - u); at 1 or less only c is asked for."""

    network: Network
    t: int
    previous: int | None
    guidance: float


@dataclass(frozen=True, slots=True)
class Idea:
    """An embedding [d] on its way out of noise: what it should mean and, where it is guided, what not.

    Draw `first_draw` of the picture's noise is its beginning, the ones after it are those of its steps. In a mix it
    counts by its `share`, and what is mixed with it, `beside` [d], is added in the end.
    """

    embedding: Tensor
    text: Text
    against: Text | None
    first_draw: int
    share: float = 1.0
    beside: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """What a decoder sees beside the latents, float32.

    Inpainting: `known` [c, h, w], the latents of the picture, and `keep` [1, h, w], 1 where they stay. Depth: `hint`
    [3, 8h, 8w] in 0..1.
    """

    known: Tensor | None = None
    keep: Tensor | None = None
    hint: Tensor | None = None


NO_CONDITION = Condition()


@dataclass(frozen=True, slots=True)
class State:
    """A picture between two steps; latents float32 [c, h, w].

    `wanted` and `unwanted` are embeddings [d]. Those not yet known are, in this order, the `ideas` that the prior works
    on. `estimate` is the x0 that the last step of the decoder predicted.
    """

    plan: tuple[Step, ...]
    noise: NoiseSource
    latents: Tensor
    ideas: tuple[Idea, ...] = ()
    wanted: Tensor | None = None
    unwanted: Tensor | None = None
    condition: Condition = NO_CONDITION
    position: int = 0
    estimate: Tensor | None = None

    @property
    def done(self) -> bool:
        return self.position == len(self.plan)

    @property
    def next_step(self) -> Step:
        return self.plan[self.position]


def plan(
    schedule: schedules.Schedule, network: Network, steps: int, guidance: float, strength: float = 1.0
) -> tuple[Step, ...]:
    """The steps of one sampler; a strength below 1 keeps the last share of them, at least one."""
    times = schedule.times(steps)
    kept = tasks.steps_taken(steps, strength)
    pairs = zip(times, (*times[1:], None), strict=True)
    return tuple(Step(network, t, previous, guidance) for t, previous in pairs)[-kept:]


def idea(text: Text, against: Text | None, noise: NoiseSource, first_draw: int, device: torch.device) -> Idea:
    """An embedding of pure noise."""
    return Idea(noise.draw(first_draw, text.pooled.shape).to(device), text, against, first_draw)


@torch.inference_mode()
def imagine(states: Sequence[State], prior: networks.Prior, schedule: schedules.Schedule) -> list[State]:
    """Every state one step of the prior further; all next steps must be the prior's."""
    ideas = [(one, state.next_step) for state in states for one in state.ideas]
    unsaid = [(i, one.against) for i, (one, step) in enumerate(ideas) if one.against is not None and step.guidance > 1]
    rows = [*((i, one.text) for i, (one, _) in enumerate(ideas)), *unsaid]
    predicted = prior(
        torch.stack([ideas[i][0].embedding for i, _ in rows]),
        [ideas[i][1].t for i, _ in rows],
        [text for _, text in rows],
    )
    meant = list(predicted[: len(ideas)])
    for (i, _), unconditional in zip(unsaid, predicted[len(ideas) :], strict=True):
        meant[i] = guide(meant[i], unconditional, ideas[i][1].guidance)
    left = iter(meant)
    return [_imagined(state, [next(left) for _ in state.ideas], prior, schedule) for state in states]


@torch.inference_mode()
def paint(states: Sequence[State], decoder: networks.Decoder, schedule: schedules.Schedule) -> list[State]:
    """Every state one step of its decoder further; all next steps must be of one network, all latents of one shape."""
    steps = [state.next_step for state in states]
    guided = [i for i, step in enumerate(steps) if step.guidance > 1]
    rows = [*range(len(states)), *guided]
    embeddings = [_given(state.wanted) for state in states] + [_given(states[i].unwanted) for i in guided]
    hints = [_given(states[i].condition.hint) for i in rows] if steps[0].network is Network.DEPTH else None
    predicted = decoder(torch.stack([_seen(states[i]) for i in rows]), [steps[i].t for i in rows], embeddings, hints)
    channels = len(states[0].latents)
    noises, variances = list(predicted[: len(states), :channels]), predicted[: len(states), channels:]
    for i, unconditional in zip(guided, predicted[len(states) :, :channels], strict=True):
        noises[i] = guide(noises[i], unconditional, steps[i].guidance)
    return [
        _painted(state, noise, variance, schedule)
        for state, noise, variance in zip(states, noises, variances, strict=True)
    ]


def guide(conditional: Tensor, unconditional: Tensor, guidance: float) -> Tensor:
    """u + s(c - u), the usual convention: 4 here is 3 in Kandinsky 3."""
    return unconditional + guidance * (conditional - unconditional)


def _imagined(
    state: State, predictions: Sequence[Tensor], prior: networks.Prior, schedule: schedules.Schedule
) -> State:
    step, moved = state.next_step, []
    for one, predicted in zip(state.ideas, predictions, strict=True):
        x0 = schedule.clean(one.embedding, step.t, predicted)
        embedding = schedule.mean(one.embedding, x0, step.t, step.previous)
        if step.t > 0:
            noise = _draw(state, one.first_draw + 1 + state.position, embedding)
            embedding = embedding + schedule.deviation(step.t, step.previous, None) * noise
        moved.append(dataclasses.replace(one, embedding=embedding))
    further = dataclasses.replace(state, ideas=tuple(moved), position=state.position + 1)
    return further if step.previous is not None else _understood(further, prior)


def _understood(state: State, prior: networks.Prior) -> State:
    """The end of the prior."""
    embeddings = iter([_mixed(one, prior) for one in state.ideas])
    wanted = state.wanted if state.wanted is not None else next(embeddings)
    unwanted = state.unwanted if state.unwanted is not None else next(embeddings)
    return dataclasses.replace(state, ideas=(), wanted=wanted, unwanted=unwanted)


def _mixed(one: Idea, prior: networks.Prior) -> Tensor:
    imagined = one.share * prior.imagined(one.embedding)
    return imagined if one.beside is None else imagined + one.beside


def _painted(state: State, noise: Tensor, variance: Tensor, schedule: schedules.Schedule) -> State:
    step = state.next_step
    x0 = schedule.clean(state.latents, step.t, noise)
    latents = schedule.mean(state.latents, x0, step.t, step.previous)
    if step.t > 0:  # also in the last step: it leads to the picture, and a learned variance may still be one
        began = next(i for i, one in enumerate(state.plan) if one.network is not Network.PRIOR)
        drawn = _draw(state, DECODER_DRAWS + 1 + state.position - began, latents)
        latents = latents + schedule.deviation(step.t, step.previous, variance) * drawn
    latents = _with_known(state, latents, schedule)
    return dataclasses.replace(state, latents=latents, position=state.position + 1, estimate=x0)


def _with_known(state: State, latents: Tensor, schedule: schedules.Schedule) -> Tensor:
    """What inpainting keeps, as noisy as the rest and with the noise of the beginning."""
    known, keep, previous = state.condition.known, state.condition.keep, state.next_step.previous
    if known is None or keep is None:
        return latents
    if previous is not None:
        known = schedule.noised(known, previous, _draw(state, DECODER_DRAWS, known))
    return keep * known + (1 - keep) * latents


def _seen(state: State) -> Tensor:
    """A decoder's input: for inpainting the latents, then what is known of them, then the mask."""
    if state.next_step.network is not Network.INPAINTING:
        return state.latents
    known, keep = _given(state.condition.known), _given(state.condition.keep)
    return torch.cat([state.latents, known * keep, keep])


def _given(part: Tensor | None) -> Tensor:
    if part is None:
        raise errors.EngineFailed("a state came to a network that needs more than it has")
    return part


def _draw(state: State, number: int, like: Tensor) -> Tensor:
    return state.noise.draw(number, like.shape).to(like.device)
