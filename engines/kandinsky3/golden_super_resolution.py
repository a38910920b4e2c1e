"""How the golden files of super-resolution are run: `super_resolution`, and the tiled refine pass of `flash_refiner`.

The fixtures' README gives these loops no limit of their own: those in pixels are held to the limit of the base sampler,
the refine pass to that of the Flash loops.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from engines.golden import EXACT, Case, Fixture, Worst
from engines.kandinsky3 import golden, movq, noise, schedule, tiling
from engines.kandinsky3.super_resolution import network, refine, sampler, solver, views

REFINE = "sr_refine_tiled"


def _super_resolution_cases(fixture: Fixture) -> Iterator[Case]:
    built = functools.cache(functools.partial(build_network, fixture))
    if "in.x" in fixture.tensors:
        yield "forward", functools.partial(_compare_forward, fixture, built)
    for name in fixture.tensors:
        if match := re.fullmatch(r"(flash_x\d+)\.out", name):
            yield match[1], functools.partial(_compare_flash, fixture, match[1], built)
        elif match := re.fullmatch(r"views_(\d+)_(\d+)\.(\d+)x(\d+)", name):
            yield name, functools.partial(_compare_views, fixture, name, [int(number) for number in match.groups()])
    for case, said in fixture.config.items():
        if isinstance(said, dict) and f"{case}.lowres" in fixture.tensors:
            yield case, functools.partial(_compare_solved, fixture, case, said, built)
        elif isinstance(said, dict) and f"{case}.latent" in fixture.tensors:
            yield f"{case}_encode", functools.partial(_compare_tiled_encoding, fixture, case, said)
            yield f"{case}_decode", functools.partial(_compare_tiled_decoding, fixture, case, said)


Built = Callable[[], network.Network]


def _compare_forward(fixture: Fixture, built: Built, worst: Worst) -> None:
    x = fixture["in.x"]
    guide = network.enlarged(fixture["in.lowres"], x.shape[-2], x.shape[-1])
    worst.compare(built()(x, fixture["in.t"].tolist(), guide), fixture["out.y"], golden.FORWARD)


def _compare_flash(fixture: Fixture, case: str, built: Built, worst: Worst) -> None:
    states = begin_states(fixture, case, sampler.flash_plan(), None)
    for number in range(len(schedule.FLASH_TIMES)):
        states = sampler.advance(states, built())
        worst.compare(_pixels(states), fixture[f"{case}.step.{number}"], golden.LOOP)
    worst.compare(_pixels(states), fixture[f"{case}.out"], golden.LOOP)


def _compare_solved(fixture: Fixture, case: str, said: dict[str, Any], built: Built, worst: Worst) -> None:
    height, width = fixture[f"{case}.out"].shape[-2:]
    looking = views.cover(height, width, said["window"], said["stride"])
    worst.compare(_numbers(looking), fixture[f"{case}.views"], EXACT)
    worst.compare(torch.tensor(solver.times(said["steps"])), fixture[f"{case}.timesteps"], EXACT)
    states = begin_states(fixture, case, sampler.solver_plan(said["steps"]), looking)
    while not states[0].done:
        states = sampler.advance(states, built())
    worst.compare(_pixels(states), fixture[f"{case}.out"], golden.LOOP)


def _compare_views(fixture: Fixture, name: str, sizes: list[int], worst: Worst) -> None:
    window, stride, height, width = sizes
    worst.compare(_numbers(views.cover(height, width, window, stride)), fixture[name], EXACT)


def _compare_tiled_encoding(fixture: Fixture, case: str, said: dict[str, Any], worst: Worst) -> None:
    side = int(said["tile_sample_min_size"])
    model = golden.build_movq(fixture.beside("movq"))
    tiles = tiling.Tiles.of(side, side // _factor(model), said["overlap_enc"])
    worst.compare(
        tiling.mapped(fixture[f"{case}.image"], tiles, model.encode), fixture[f"{case}.latent"], golden.FORWARD
    )


def _compare_tiled_decoding(fixture: Fixture, case: str, said: dict[str, Any], worst: Worst) -> None:
    side = int(said["tile_sample_min_size"])
    model = golden.build_movq(fixture.beside("movq"))
    tiles = tiling.Tiles.of(side // _factor(model), side, said["overlap_dec"])
    decoded = tiling.mapped(fixture[f"{case}.latent2"], tiles, model.decode)
    worst.compare(decoded, fixture[f"{case}.image2"], golden.FORWARD)


def _factor(model: movq.MoVQ) -> int:
    """Pixels a side of one latent."""
    factor: int = 2 ** (model.config.levels - 1)
    return factor


def begin_states(
    fixture: Fixture, case: str, plan: tuple[sampler.Step, ...], looking: tuple[views.View, ...] | None
) -> list[sampler.State]:
    draws = fixture.numbered(f"{case}.noise")
    lowres = fixture[f"{case}.lowres"] if f"{case}.lowres" in fixture.tensors else fixture["in.lowres"]
    factor = draws[0].shape[-1] // lowres.shape[-1]
    return [
        sampler.begin(small, factor, plan, looking, noise.Tape(tuple(draw[i] for draw in draws)))
        for i, small in enumerate(lowres)
    ]


def build_network(fixture: Fixture) -> network.Network:
    config = network.Config(**golden.known_sizes(fixture, network.Config))
    return network.from_original(config, fixture.below("sr."), fixture.path.name)


def _pixels(states: list[sampler.State]) -> Tensor:
    return torch.stack([state.pixels for state in states])


def _numbers(looking: tuple[views.View, ...]) -> Tensor:
    return torch.tensor([[view.top, view.bottom, view.left, view.right] for view in looking])


def _flash_refiner_cases(fixture: Fixture) -> Iterator[Case]:
    for case, check in golden.FILES["flash_refiner"](fixture):
        yield case, functools.partial(_compare_refined, fixture) if case == REFINE else check


def _compare_refined(fixture: Fixture, worst: Worst) -> None:
    t = _said(fixture, r"t", refine.T)
    side, stride = _said(fixture, r"tiles?", refine.TILES.side), _said(fixture, r"strides?", refine.TILES.stride)
    tiles = tiling.Tiles(side, stride, blend=side - stride, kept=stride)
    prompts = golden.read_prompts(fixture, negative=False)
    flash = golden.build_network(fixture.beside("unet"), 4)
    draws = fixture.numbered(f"{REFINE}.noise")
    for i, latents in enumerate(fixture[f"{REFINE}.in_latent"]):
        tape = noise.Tape(tuple(draw[i] for draw in draws))
        out = refine.refined(flash, latents, prompts[i].positive, tape, 0, tiles, t)
        worst.compare_to_peak(out, fixture[f"{REFINE}.out"][i], golden.FLASH)


def _said(fixture: Fixture, word: str, published: int) -> int:
    """The number after a word of what the configuration says of the refine pass; unsaid, it is the published one."""
    match = re.search(rf"\b{word}\W{{1,3}}(\d+)", str(fixture.config[REFINE]))
    return published if match is None else int(match[1])


FILES: dict[str, Callable[[Fixture], Iterator[Case]]] = {
    "super_resolution": _super_resolution_cases,
    "flash_refiner": _flash_refiner_cases,
}
