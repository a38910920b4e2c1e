"""One step for many pictures: strangers do not matter, and known mistakes are far from the golden numbers."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engines.golden import Fixture
from engines.kandinsky3 import golden, noise, sampler, unet

ROUNDING = 2e-5  # float32, after a few steps
SHAPE = (4, 8, 8)


@pytest.fixture(scope="module")
def loop(fixtures: Path) -> Fixture:
    return Fixture.open(fixtures / "base_loop.safetensors")


@pytest.fixture(scope="module")
def network(loop: Fixture) -> unet.Network:
    return golden.build_network(loop.beside("unet"), 4)


def context(rows: int, seed: int, dim: int) -> unet.Context:
    values = torch.randn(rows + 1, dim, generator=torch.Generator().manual_seed(seed))
    values[rows] = 0
    return unet.Context(values, torch.arange(rows + 1) < rows)


def prompt(rows: int, seed: int, network: unet.Network) -> dict[sampler.Variant, sampler.Prompt]:
    return dict.fromkeys(sampler.Variant, sampler.Prompt(context(rows, seed, network.config.context_dim)))


def paint(state: sampler.State, network: unet.Network) -> Tensor:
    while not state.done:
        (state,) = sampler.advance([state], network)
    return state.latents


@pytest.fixture(scope="module")
def strangers(network: unet.Network) -> list[sampler.State]:
    """Base, Flash and refined pictures of prompts of different lengths; one has a negative prompt."""
    short, long, other = (prompt(rows, rows, network) for rows in (2, 11, 6))
    negative = context(6, 9, network.config.context_dim)
    other[sampler.Variant.BASE] = dataclasses.replace(other[sampler.Variant.BASE], negative=negative)
    base = sampler.base_plan(3, guidance=3.0)
    return [
        sampler.begin(base, short, noise.Seeded(1), SHAPE),
        sampler.begin(sampler.base_plan(5, guidance=7.0), long, noise.Seeded(2), SHAPE),
        sampler.begin(sampler.flash_plan(), other, noise.Seeded(3), SHAPE),
        sampler.begin((*base, *sampler.refiner_plan()), other, noise.Seeded(4), SHAPE),
    ]


def test_a_picture_is_the_same_alone_and_among_strangers_that_join_and_leave(
    network: unet.Network, strangers: list[sampler.State]
) -> None:
    alone = [paint(state, network) for state in strangers]
    waiting, present, finished = dict(enumerate(strangers)), dict[int, sampler.State](), dict[int, Tensor]()
    while waiting or present:
        if waiting:  # one joins at every step, and all are at different timesteps
            joining = min(waiting)
            present[joining] = waiting.pop(joining)
        advanced = sampler.advance(list(present.values()), network)
        present = dict(zip(present, advanced, strict=True))
        for i in [i for i, state in present.items() if state.done]:
            finished[i] = present.pop(i).latents
    for i, latents in enumerate(alone):
        torch.testing.assert_close(finished[i], latents, atol=ROUNDING * float(latents.abs().max()), rtol=0)


def test_a_step_taken_again_gives_the_same_numbers(network: unet.Network, strangers: list[sampler.State]) -> None:
    first = sampler.advance(strangers, network)
    second = sampler.advance(strangers, network)
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one.latents, other.latents)


def test_padding_a_context_for_a_batch_does_not_change_its_prediction(network: unet.Network) -> None:
    x = torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(0))
    short, long = context(1, 1, network.config.context_dim), context(30, 2, network.config.context_dim)
    silent = unet.Context(short.rows, torch.zeros_like(short.mask))  # nothing said: every row counts the same
    for one in (short, silent):
        both = network(x, [999, 3], [one, long])
        torch.testing.assert_close(both[:1], network(x[:1], [999], [one]), atol=1e-5, rtol=0)
        torch.testing.assert_close(both[1:], network(x[1:], [3], [long]), atol=1e-5, rtol=0)


def test_the_zero_row_after_a_prompt_counts_in_the_prediction(network: unet.Network) -> None:
    x = torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(0))
    said = context(3, 1, network.config.context_dim)
    cut = unet.Context(said.rows[:3], said.mask[:3])
    assert (network(x, [500], [said]) - network(x, [500], [cut])).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("mistake", "at_least"),
    [
        (lambda plan: [dataclasses.replace(step, guidance=step.guidance - 1) for step in plan], 0.3),
        (lambda plan: [dataclasses.replace(step, quantile=0.995) for step in plan], 0.1),
        (lambda plan: [dataclasses.replace(step, eta=0.5) for step in plan], 0.1),
    ],
    ids=["guidance off by one", "another quantile", "less noise"],
)
def test_a_known_mistake_in_the_plan_is_far_over_the_limit(
    network: unet.Network, loop: Fixture, mistake: object, at_least: float
) -> None:
    assert callable(mistake)
    plan = tuple(mistake(sampler.base_plan(4, guidance=3.0)))
    states = golden.begin_states(loop, "s4", plan, golden.read_prompts(loop, negative=False))
    while not states[0].done:
        states = sampler.advance(states, network)
    error = (torch.stack([state.latents for state in states]) - loop["s4.out"]).abs().max()
    assert error > at_least > golden.LOOP


def test_a_missing_null_embedding_is_far_over_the_limit(loop: Fixture) -> None:
    network = golden.build_network(loop.beside("unet"), 4, torch.zeros_like(loop["null_embedding"]))
    plan = sampler.base_plan(4, guidance=3.0)
    (first, *_) = golden.begin_states(loop, "s4", plan, golden.read_prompts(loop, negative=False))
    assert (paint(first, network) - loop["s4.out"][0]).abs().max() > 0.5


def test_each_draw_of_each_picture_of_each_seed_is_its_own() -> None:
    draws = {
        (seed, picture, index): noise.Seeded(seed, picture).draw(index, (4, 8, 8))
        for seed in (0, 1, 2**32 - 1)
        for picture in (0, 1)
        for index in (0, 1, 54)
    }
    flat = torch.stack([draw.flatten() for draw in draws.values()])
    likeness = torch.corrcoef(flat) - torch.eye(len(flat))
    assert likeness.abs().max() < 0.32  # five standard deviations for 256 independent numbers each
    again = noise.Seeded(1, 1).draw(54, (4, 8, 8))
    assert torch.equal(again, draws[1, 1, 54])


def test_noise_is_standard_normal() -> None:
    draw = noise.Seeded(5).draw(0, (4, 128, 128))
    assert draw.dtype == torch.float32
    assert abs(float(draw.mean())) < 0.02
    assert abs(float(draw.std()) - 1) < 0.02


def test_a_bfloat16_network_takes_float32_states_and_gives_them_back(
    loop: Fixture, network: unet.Network, strangers: list[sampler.State]
) -> None:
    rough = golden.build_network(loop.beside("unet"), 4).to(torch.bfloat16)
    entered = [state.latents for state in strangers[:2]]
    steps = [state.next_step for state in strangers[:2]]
    prompts = [state.prompts[sampler.Variant.BASE] for state in strangers[:2]]
    exact = torch.stack(sampler.predict(network, entered, steps, prompts))
    near = torch.stack(sampler.predict(rough, entered, steps, prompts))
    assert near.dtype == torch.float32
    assert (near - exact).norm() / exact.norm() < 0.1
    assert all(state.latents.dtype == torch.float32 for state in sampler.advance(strangers[:2], rough))
