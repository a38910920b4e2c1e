"""Super-resolution in pixels: known mistakes are far from the golden numbers, and strangers do not matter."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from engines import errors, golden
from engines.kandinsky3 import golden as limits
from engines.kandinsky3 import golden_super_resolution as cases
from engines.kandinsky3 import noise, schedule
from engines.kandinsky3.super_resolution import network, sampler, solver, views

ROUNDING = 2e-5
PARAMETERS = 413_205_251  # of the published networks
FAR = 20 * limits.LOOP


@pytest.fixture(scope="module")
def fixture(fixtures: Path) -> golden.Fixture:
    return golden.Fixture.open(fixtures / "super_resolution.safetensors")


@pytest.fixture(scope="module")
def tiny(fixture: golden.Fixture) -> network.Network:
    return cases.build_network(fixture)


def finish(states: list[sampler.State], tiny: network.Network) -> list[Tensor]:
    while not all(state.done for state in states):
        states = sampler.advance(states, tiny)
    return [state.pixels for state in states]


def test_the_published_network_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        built = network.Network(network.Config())
    assert sum(parameter.numel() for parameter in built.parameters()) == PARAMETERS
    assert built.init_conv.in_channels == 6


def test_an_activation_in_the_first_convolution_of_a_block_is_far_over_the_limit(fixture: golden.Fixture) -> None:
    mistaken = cases.build_network(fixture)
    for module in list(mistaken.modules()):
        if isinstance(module, network.Residual):
            module.in_block.group_norm = nn.Sequential(module.in_block.group_norm, nn.SiLU())
    x = fixture["in.x"]
    guide = network.enlarged(fixture["in.lowres"], *x.shape[-2:])
    actual = mistaken(x, fixture["in.t"].tolist(), guide)
    assert (actual - fixture["out.y"]).abs().max() > FAR


def flash(
    fixture: golden.Fixture, tiny: network.Network, times: tuple[int, ...], rule: schedule.Schedule, as_noise: bool
) -> Tensor:
    """The Flash loop in plain words, with room for mistakes."""
    draws = fixture.numbered("flash_x2.noise")
    guide = network.enlarged(fixture["in.lowres"], *draws[0].shape[-2:])
    x = draws[0]
    for t, draw in zip(times, draws[1:], strict=True):
        x_t = rule.noised(x, t, draw)
        x = tiny(x_t, [t], guide)
        if as_noise:
            x = rule.clean(x_t, t, x)
    return x


@pytest.mark.parametrize(
    ("times", "rule", "as_noise", "is_right"),
    [
        (schedule.FLASH_TIMES, schedule.linear(), False, True),
        (schedule.FLASH_TIMES, schedule.cosine(), False, False),
        (schedule.FLASH_TIMES, schedule.linear(), True, False),
        ((999, 749, 499, 249), schedule.linear(), False, False),
    ],
    ids=["as published", "cosine schedule", "prediction taken for noise", "other times"],
)
@torch.inference_mode()
def test_only_the_published_flash_loop_meets_the_golden_numbers(
    fixture: golden.Fixture,
    tiny: network.Network,
    times: tuple[int, ...],
    rule: schedule.Schedule,
    as_noise: bool,
    is_right: bool,
) -> None:
    error = float((flash(fixture, tiny, times, rule, as_noise) - fixture["flash_x2.out"]).abs().max())
    assert error < ROUNDING if is_right else error > FAR


def unshifted(looking: tuple[views.View, ...]) -> tuple[views.View, ...]:
    """Windows where each stride puts them, cut by the picture's edge."""
    return tuple(
        views.View(
            view.top // 24 * 24,
            view.top // 24 * 24 + 32,
            view.left // 24 * 24 + 24 * (view.left % 24 > 0),
            view.left // 24 * 24 + 24 * (view.left % 24 > 0) + 32,
        )
        for view in looking
    )


def confused(states: list[sampler.State]) -> list[sampler.State]:
    """States whose windows go on with the last prediction of their neighbour."""
    return [dataclasses.replace(state, seen=(*state.seen[1:], state.seen[0])) for state in states]


@pytest.mark.parametrize(
    ("windows", "between"),
    [(unshifted, list), (lambda looking: looking, confused)],
    ids=["last window not moved back to the edge", "one solver for all windows"],
)
def test_a_known_mistake_in_the_windows_is_far_over_the_limit(
    fixture: golden.Fixture,
    tiny: network.Network,
    windows: Callable[[tuple[views.View, ...]], tuple[views.View, ...]],
    between: Callable[[list[sampler.State]], list[sampler.State]],
) -> None:
    height, width = fixture["pano.out"].shape[-2:]
    right = views.cover(height, width, window=32, stride=24)
    states = cases.begin_states(fixture, "pano", sampler.solver_plan(), windows(right))
    while not states[0].done:
        states = between(sampler.advance(states, tiny))
    assert (states[0].pixels - fixture["pano.out"][0]).abs().max() > FAR


def strangers() -> list[sampler.State]:
    """Pictures of different sizes, factors and plans; the second is seen through windows."""
    generator = torch.Generator().manual_seed(0)
    small = [torch.rand(3, *shape, generator=generator) * 2 - 1 for shape in ((8, 12), (14, 18), (8, 12))]
    looking = views.cover(56, 72, window=32, stride=24)
    return [
        sampler.begin(small[0], 2, sampler.flash_plan(), None, noise.Seeded(1)),
        sampler.begin(small[1], 4, sampler.solver_plan(), looking, noise.Seeded(2)),
        sampler.begin(small[2], 2, sampler.solver_plan(3), None, noise.Seeded(3)),
    ]


def test_a_picture_is_the_same_alone_and_among_strangers(tiny: network.Network) -> None:
    alone = [finish([state], tiny)[0] for state in strangers()]
    waiting, present, done = dict(enumerate(strangers())), dict[int, sampler.State](), dict[int, Tensor]()
    while waiting or present:
        if waiting:  # one joins at every step
            joining = min(waiting)
            present[joining] = waiting.pop(joining)
        present = dict(zip(present, sampler.advance(list(present.values()), tiny), strict=True))
        for number in [number for number, state in present.items() if state.done]:
            done[number] = present.pop(number).pixels
    for number, pixels in enumerate(alone):
        torch.testing.assert_close(done[number], pixels, atol=ROUNDING, rtol=0)


def test_a_step_taken_again_gives_the_same_numbers(tiny: network.Network) -> None:
    states = strangers()
    for _ in range(3):
        again = sampler.advance(states, tiny)
        states = sampler.advance(states, tiny)
        for one, other in zip(states, again, strict=True):
            assert torch.equal(one.pixels, other.pixels)


def test_the_last_solver_step_gives_what_the_network_predicts() -> None:
    x_t, x0, before = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(solver.step(4, 5, x_t, x0, before), x0, atol=1e-6, rtol=0)
    assert solver.times(5) == (999, 799, 599, 400, 200)


class Silence:
    """A noise source without noise."""

    def draw(self, _: int, shape: Sequence[int]) -> Tensor:
        return torch.zeros(()).expand(*shape)


def test_flash_sees_a_picture_whole_as_long_as_one_pass_can() -> None:
    def begun(side: int) -> sampler.State:
        return sampler.begin(torch.zeros(3, side, side), 2, sampler.flash_plan(), None, Silence())

    assert begun(1024).views == views.whole(2048, 2048)
    assert begun(1028).views == views.cover(2056, 2056)


@given(
    height=st.integers(8, 400),
    width=st.integers(8, 400),
    window=st.integers(16, 128),
    share=st.floats(0.25, 1.0),
)
def test_windows_cover_every_pixel_and_lie_inside(height: int, width: int, window: int, share: float) -> None:
    looking = views.cover(height, width, window, max(1, int(window * share)))
    seen = torch.zeros(height, width, dtype=torch.int32)
    for view in looking:
        assert view.of(seen).shape == (min(window, height), min(window, width))
        view.of(seen).add_(1)
    assert seen.min() >= 1
    assert len(set(looking)) == len(looking)


@given(height=st.integers(8, 90), width=st.integers(8, 90))
def test_the_average_of_a_pictures_own_parts_is_the_picture(height: int, width: int) -> None:
    picture = torch.randn(3, height, width, generator=torch.Generator().manual_seed(0))
    looking = views.cover(height, width, window=32, stride=24)
    merged = views.average([view.of(picture) for view in looking], looking, height, width)
    torch.testing.assert_close(merged, picture, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("dtype", "near"), [(torch.float16, 0.01), (torch.bfloat16, 0.1)])
def test_a_network_in_half_precision_takes_float32_pictures_and_gives_them_back(
    fixture: golden.Fixture, tiny: network.Network, dtype: torch.dtype, near: float
) -> None:
    rough = cases.build_network(fixture).to(dtype)
    guide = network.enlarged(fixture["in.lowres"], *fixture["in.x"].shape[-2:])
    exact, actual = [one(fixture["in.x"], fixture["in.t"].tolist(), guide) for one in (tiny, rough)]
    assert actual.dtype == torch.float32
    assert (actual - exact).norm() / exact.norm() < near


def test_weights_are_found_bare_and_below_unet(fixture: golden.Fixture, tiny: network.Network) -> None:
    below = {f"unet.{name}": tensor for name, tensor in tiny.state_dict().items()}
    other = network.from_original(tiny.config, below)
    x, guide = fixture["in.x"], network.enlarged(fixture["in.lowres"], *fixture["in.x"].shape[-2:])
    assert torch.equal(other(x, [729], guide), tiny(x, [729], guide))


def test_weights_that_do_not_fit_are_named(tiny: network.Network) -> None:
    state = dict(tiny.state_dict())
    del state["out_conv.bias"]
    with pytest.raises(errors.CheckpointInvalid, match=r"missing out_conv\.bias"):
        network.from_original(tiny.config, state)


def test_a_level_of_one_block_cannot_be_built() -> None:
    with pytest.raises(errors.CheckpointInvalid, match="two blocks a level"):
        network.Network(network.Config(num_resnet_blocks=(2, 1, 2, 2)))
