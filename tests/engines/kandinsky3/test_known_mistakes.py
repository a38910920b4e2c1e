"""What is easily done wrong between the three dialects, and how far it is from the golden numbers."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path

import diffusers
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from engines.golden import Fixture
from engines.kandinsky3 import golden, golden_control, sampler, schedule, unet
from engines.kandinsky3.sampler import Variant


@pytest.fixture(scope="module")
def loop(fixtures: Path) -> Fixture:
    return Fixture.open(fixtures / "base_loop.safetensors")


@pytest.fixture(scope="module")
def network(loop: Fixture) -> unet.Network:
    return golden.build_network(loop.beside("unet"), 4)


def last(
    loop: Fixture,
    network: unet.Network,
    prompts: list[sampler.Prompt],
    plan: tuple[sampler.Step, ...] = sampler.base_plan(4, guidance=3.0),
) -> list[sampler.State]:
    states = golden.begin_states(loop, "s4", plan, prompts)
    while not states[0].done:
        states = sampler.advance(states, network)
    return states


def error(loop: Fixture, ends: list[Tensor]) -> float:
    return float((torch.stack(ends) - loop["s4.out"]).abs().max())


Change = Callable[[sampler.Prompt, unet.Network], sampler.Prompt]


def swapped(prompt: sampler.Prompt, network: unet.Network) -> sampler.Prompt:
    return sampler.Prompt(unet.unconditional(prompt.positive, network.null_embedding), prompt.positive)


def not_zeroed(prompt: sampler.Prompt, network: unet.Network) -> sampler.Prompt:
    said = prompt.positive
    rows = torch.where(said.mask.unsqueeze(-1), said.rows, torch.full_like(said.rows, 0.1))
    return sampler.Prompt(dataclasses.replace(said, rows=rows))


def silent(prompt: sampler.Prompt, network: unet.Network) -> sampler.Prompt:
    return sampler.Prompt(prompt.positive, unet.silent(prompt.positive))


@pytest.mark.parametrize("change", [swapped, not_zeroed, silent], ids=["halves swapped", "padding", "fork's silence"])
def test_a_mistake_in_the_prompts_is_far_over_the_limit(loop: Fixture, network: unet.Network, change: Change) -> None:
    prompts = [change(prompt, network) for prompt in golden.read_prompts(loop, negative=False)]
    ends = [state.latents for state in last(loop, network, prompts)]
    assert error(loop, ends) > 0.05 > golden.LOOP


def test_ending_without_noise_is_over_the_limit(loop: Fixture, network: unet.Network) -> None:
    states = last(loop, network, golden.read_prompts(loop, negative=False))
    estimates = [state.estimate for state in states if state.estimate is not None]
    assert error(loop, estimates) > 2 * golden.LOOP  # where ᾱ of the end were 1, the picture would be the estimate
    assert error(loop, [state.latents for state in states]) < golden.LOOP


def test_a_context_of_which_nothing_is_said_is_read_evenly(network: unet.Network) -> None:
    """Stock adds -10000 to every score of such a row, which leaves it an ordinary softmax: the oracle has no keys."""
    rows = torch.randn(7, network.config.context_dim, generator=torch.Generator().manual_seed(1))
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    said = unet.Context(rows, torch.ones(7, dtype=torch.bool))
    even = copy.deepcopy(network)
    linear = [key for name, key in even.named_modules() if name.endswith("to_k") and isinstance(key, nn.Linear)]
    keys = [key for key in linear if key.in_features == network.config.context_dim]
    assert len(keys) == 18 + 1  # cross-attentions, and the pooling
    for key in keys:
        key.weight.data.zero_()
    expected = even(x, [500], [said])
    softmax = network(x, [500], [said])  # what is added to all scores of a row cancels
    actual = network(x, [500], [dataclasses.replace(said, mask=~said.mask)])
    torch.testing.assert_close(actual, expected, atol=golden.FORWARD / 10, rtol=0)
    assert (softmax - expected).abs().max() > 100 * golden.FORWARD


def test_fifty_steps_begin_at_999_in_the_original_and_at_981_in_the_fork() -> None:
    original, fork = sampler.base_plan(50, 3.0), sampler.ddpm_plan(50, 3.0, Variant.IMAGE_PROMPT)
    assert [step.t for step in original] == list(range(999, 0, -20))
    assert [step.t for step in fork] == list(range(981, 0, -20))
    assert (original[-1].previous, fork[-1].previous) == (0, None)


def test_the_times_of_the_fork_in_the_original_are_far_over_the_limit(loop: Fixture, network: unet.Network) -> None:
    right = sampler.base_plan(4, guidance=3.0)
    pairs = zip(right, (751, 501, 251, 1), (501, 251, 1, 0), strict=True)
    wrong = tuple(dataclasses.replace(step, t=t, previous=previous) for step, t, previous in pairs)
    prompts = golden.read_prompts(loop, negative=False)
    near, far = (
        error(loop, [state.latents for state in last(loop, network, prompts, plan)]) for plan in (right, wrong)
    )
    assert near < golden.LOOP
    assert far > 1000 * golden.LOOP


def test_the_times_of_the_original_in_the_fork_are_far_over_the_limit(fixtures: Path) -> None:
    hints = Fixture.open(fixtures / "hint_unet.safetensors")
    edges = golden_control.build_hint_network(hints)
    right = golden_control.begin_state(hints, "t2i_noneg", hints.config["cases"]["t2i_noneg"], Variant.EDGES)
    pairs = zip(right.plan, (999, 665, 331), (665, 331, None), strict=True)
    wrong = tuple(dataclasses.replace(step, t=t, previous=previous) for step, t, previous in pairs)
    errors = []
    for state in (right, dataclasses.replace(right, plan=wrong)):
        while not state.done:
            (state,) = sampler.advance([state], edges)
        errors.append(float((state.latents - hints["t2i_noneg.out"][0]).abs().max()))
    assert errors[0] < golden_control.LOOP
    assert errors[1] > 100 * golden_control.LOOP


@given(st.integers(2, 200), st.integers(0, 199), st.integers(0, 2**32 - 1))
def test_a_fork_step_is_the_step_of_the_scheduler_in_diffusers(steps: int, number: int, seed: int) -> None:
    stock = diffusers.DDPMScheduler(
        beta_schedule="squaredcos_cap_v2", timestep_spacing="leading", steps_offset=1, clip_sample=True
    )
    stock.set_timesteps(steps)
    plan = sampler.ddpm_plan(steps, 3.0, Variant.BASE)
    assert [step.t for step in plan] == stock.timesteps.tolist()
    step = plan[number % steps]
    x_t, predicted = torch.randn(2, 1, 4, 2, 2, generator=torch.Generator().manual_seed(seed))
    drawn = torch.randn(x_t.shape, generator=torch.Generator().manual_seed(seed))
    expected = stock.step(predicted, step.t, x_t, generator=torch.Generator().manual_seed(seed)).prev_sample
    x0 = sampler.threshold(schedule.cosine().clean(x_t, step.t, predicted), None)
    mean, deviation = schedule.cosine().between(step.t, step.previous, x_t, x0)
    torch.testing.assert_close(mean + deviation * drawn, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("steps", "strength", "times"),
    [
        (10, 0.3, [201, 101, 1]),
        (4, 0.75, [501, 251, 1]),
        (50, 1.0, list(range(981, 0, -20))),
        (10, 0.01, [1]),
    ],
    ids=["a third", "three quarters", "all", "too little for a step: one is taken"],
)
def test_a_strength_keeps_the_last_steps(steps: int, strength: float, times: list[int]) -> None:
    plan = sampler.ddpm_plan(steps, 3.0, Variant.BASE, strength)
    assert [step.t for step in plan] == times
    assert [step.previous for step in plan] == [*times[1:], None]
