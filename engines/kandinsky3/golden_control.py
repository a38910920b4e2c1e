"""How the golden files of control are run; limits are those of the fixtures' README, float32 on the CPU.

Files: hint_unet, controlnet. They take the base U-Net from `unet`, MoVQ from `movq`, text from `t5_condition`; the hint
block of `hint_unet` is that of `controlnet`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from engines.golden import EXACT, Case, Fixture, Worst, factor, row
from engines.kandinsky3 import fork_text, golden, noise, sampler, unet
from engines.kandinsky3.control import hint_block, hint_network, reach, side_network

FORWARD = 1e-4  # one pass of a network
LOOP = 5e-4  # every step of the fork's DDPM
_SIDE = "controlnet."
_COLOUR = 127.5  # half of the range of 8 bits: pictures of -1..1

Build = Callable[[], unet.Predictor]


def _hint_unet_cases(fixture: Fixture) -> Iterator[Case]:
    built = functools.cache(functools.partial(build_hint_network, fixture))
    yield (
        "hint_features",
        lambda worst: worst.compare(built().hint_block(fixture["in.hint"]), fixture["mid.hint_features"], FORWARD),
    )
    yield "y", lambda worst: _compare_pass(fixture, built(), fixture["in.hint"], "out.y", worst)
    yield (
        "y_zero_hint",
        lambda worst: _compare_pass(fixture, built(), torch.zeros_like(fixture["in.hint"]), "out.y_zero_hint", worst),
    )
    for case, said in fixture.cases().items():
        dialect = fork_text.HINT_IMAGE if "strength" in said else fork_text.HINT_TEXT
        yield f"{case}_text", functools.partial(_compare_text, fixture, case, dialect)
        yield case, functools.partial(_compare_loop, fixture, case, said, sampler.Variant.EDGES, built)


def _controlnet_cases(fixture: Fixture) -> Iterator[Case]:
    built = functools.cache(functools.partial(build_side_network, fixture))
    yield (
        "hint_features",
        lambda worst: worst.compare(
            built().side.input_hint_block(fixture["in.hint"]), fixture["mid.hint_features"], FORWARD
        ),
    )
    yield "states", lambda worst: _compare_states(fixture, built(), worst)
    for name in fixture.tensors:
        if name.startswith("out.unet_"):
            ending = name.removeprefix("out.unet_")
            scale = 0.0 if ending == "plain" else factor(ending.removeprefix("k"))
            yield name.removeprefix("out."), functools.partial(_compare_steered, fixture, built, name, scale)
    dialect = replace(fork_text.SIDE_NETWORK, cut=fixture.config["cut_context"])
    for case, said in fixture.cases().items():
        yield f"{case}_text", functools.partial(_compare_text, fixture, case, dialect)
        yield case, functools.partial(_compare_loop, fixture, case, said, sampler.Variant.DEPTH, built)


def _compare_pass(fixture: Fixture, network: unet.Predictor, hints: Tensor, expected: str, worst: Worst) -> None:
    actual = network(*read_inputs(fixture), _conditions(fixture, hints))
    worst.compare(actual, fixture[expected], FORWARD)


def _compare_steered(
    fixture: Fixture, built: Callable[[], side_network.SideNetwork], name: str, scale: float, worst: Worst
) -> None:
    actual = built()(*read_inputs(fixture), _conditions(fixture, fixture["in.hint"], scale))
    worst.compare(actual, fixture[name], FORWARD)


def _compare_states(fixture: Fixture, network: side_network.SideNetwork, worst: Worst) -> None:
    x, times, contexts = read_inputs(fixture)
    states = network.residuals(x, times, contexts, _conditions(fixture, fixture["in.hint"]))
    expected = fixture.numbered("out.state")
    worst.compare(torch.tensor(len(states)), torch.tensor(len(expected)), EXACT)
    for state, recorded in zip(states, expected, strict=True):
        worst.compare(state, recorded, FORWARD)


def read_inputs(fixture: Fixture) -> tuple[Tensor, list[int], list[unet.Context]]:
    """What a single pass is given, without its hint."""
    said = zip(fixture["in.context"], fixture["in.context_mask"].bool(), strict=True)
    return fixture["in.x"], fixture["in.t"].tolist(), [unet.Context(*one) for one in said]


def _conditions(fixture: Fixture, hints: Tensor, scale: float = 1.0) -> list[unet.Condition]:
    """A condition for each row of `in.x`; one hint may serve all of them."""
    return [unet.Condition(hint=hint, scale=scale) for hint in hints.expand(len(fixture["in.x"]), -1, -1, -1)]


def _compare_text(fixture: Fixture, case: str, dialect: fork_text.Dialect, worst: Worst) -> None:
    """The tokens that a case's pipeline read, through our text, against the contexts that it made of them."""
    words = fixture.beside("t5_condition")
    encoder, projection = golden.build_encoder(words), golden.build_projection(words)
    positive = _seen(fixture, case, "")
    negative = _seen(fixture, case, "negative_") if f"{case}.negative_input_ids" in fixture.tensors else None
    limit = fixture[f"{case}.input_ids"].shape[-1]
    said = fork_text.contexts(encoder.encode, projection, positive, negative, dialect, limit)
    for actual, expected in zip(said, _recorded(fixture, case), strict=True):
        worst.compare(actual.rows, expected.rows, FORWARD)
        worst.compare(actual.mask, expected.mask, EXACT)


def _seen(fixture: Fixture, case: str, sign: str) -> tuple[int, ...]:
    ids, mask = fixture[f"{case}.{sign}input_ids"][0], fixture[f"{case}.{sign}attention_mask"][0]
    return tuple(ids[mask.bool()].tolist())


def _recorded(fixture: Fixture, case: str, picture: int = 0) -> tuple[unet.Context, unet.Context]:
    """What the network was told for and against a picture of the batch."""
    rows = [row(fixture[f"{case}.{sign}prompt_embeds"], picture) for sign in ("", "negative_")]
    masks = [row(fixture[f"{case}.{sign}_mask"], picture).bool() for sign in ("prompt", "negative")]
    return unet.Context(rows[0], masks[0]), unet.Context(rows[1], masks[1])


def _compare_loop(
    fixture: Fixture, case: str, said: dict[str, Any], variant: sampler.Variant, built: Build, worst: Worst
) -> None:
    whole = sampler.ddpm_plan(said["steps"], fixture.config["guidance_scale"], variant)
    worst.compare(torch.tensor([step.t for step in whole]), fixture[f"{case}.timesteps"], EXACT)
    pictures = range(len(fixture[f"{case}.noise.0"]))
    states = [begin_state(fixture, case, said, variant, picture) for picture in pictures]
    for number in range(len(states[0].plan)):
        states = sampler.advance(states, built())
        worst.compare(golden.latents(states), fixture[f"{case}.step.{number}"], LOOP)
    worst.compare(golden.latents(states), fixture[f"{case}.out"], LOOP)


def begin_state(
    fixture: Fixture, case: str, said: dict[str, Any], variant: sampler.Variant, picture: int = 0
) -> sampler.State:
    """The state of a picture of a case before its first step."""
    draws = fixture.numbered(f"{case}.noise")
    strength = said.get("strength", 1.0)
    plan = sampler.ddpm_plan(said["steps"], fixture.config["guidance_scale"], variant, strength)
    plan = reach.within(plan, said.get("control_guidance_start", 0.0), said.get("control_guidance_end", 1.0))
    return sampler.begin(
        plan,
        {variant: sampler.Prompt(*_recorded(fixture, case, picture))},
        noise.Tape(tuple(draw[picture] for draw in draws)),
        (draws[0].shape[1], draws[0].shape[2], draws[0].shape[3]),
        start=_encoded(fixture) if "strength" in said else None,
        condition=unet.Condition(hint=row(fixture["in.hint"], picture), scale=float(said.get("k", 1.0))),
    )


def _encoded(fixture: Fixture) -> Tensor:
    """The latents [4, h, w] of the picture that a case repaints."""
    picture = fixture["img2img.image_uint8"].movedim(-1, 0).unsqueeze(0)
    return golden.build_movq(fixture.beside("movq")).encode(picture / _COLOUR - 1)[0]


def build_hint_network(fixture: Fixture) -> hint_network.HintNetwork:
    """The hint U-Net of `hint_unet`."""
    config = golden.unet_config(fixture.beside("unet"))
    return hint_network.from_original(config, hint_tensors(fixture), fixture.path.name)


def hint_tensors(fixture: Fixture) -> dict[str, Tensor]:
    """The weights of `hint_unet` as its file would hold them: the base's, and the hint block of the side network."""
    base, side = fixture.beside("unet"), fixture.beside("controlnet")
    tensors = {name: tensor for name, tensor in base.tensors.items() if name.startswith(hint_network.UNET)}
    hints = side.below(_SIDE + hint_block.PREFIX)
    return tensors | {f"{hint_network.UNET}{hint_block.PREFIX}{name}": tensor for name, tensor in hints.items()}


def build_side_network(fixture: Fixture) -> side_network.SideNetwork:
    """The base of `unet` with the side network of `controlnet`."""
    side = side_network.from_original(golden.unet_config(fixture), fixture.below(_SIDE), fixture.path.name)
    return side_network.SideNetwork(golden.build_network(fixture.beside("unet"), 4), side)


FILES: dict[str, Callable[[Fixture], Iterator[Case]]] = {
    "hint_unet": _hint_unet_cases,
    "controlnet": _controlnet_cases,
}
