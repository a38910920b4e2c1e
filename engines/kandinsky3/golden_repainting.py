"""How the golden files `inpainting` and `img2img` are run; limits are those of the fixtures' README, float32, CPU.

Weights come from `unet`, `movq` and `t5_condition` in the same directory.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from engines import sizes
from engines.golden import EXACT, Case, Check, Fixture, Worst, row
from engines.kandinsky3 import canvas, inpainting, movq, noise, pictures, sampler, schedule, text, unet
from engines.kandinsky3 import golden as base
from engines.kandinsky3.sampler import Variant

FORK_LOOP = 5e-4  # the fork's DDPM, and pictures
LOOP = 1e-4  # steps of the inpainting sampler


def _inpainting_cases(fixture: Fixture) -> Iterator[Case]:
    network = base.build_network(fixture.beside("unet"), 9)
    model = base.build_movq(fixture.beside("movq"))
    marked = _marked(fixture)
    masked = functools.cache(lambda: model.encode(marked.masked.unsqueeze(0))[0])
    yield "sizes", functools.partial(_compare_sizes, fixture)
    yield "prepared", functools.partial(_compare_prepared, fixture, marked)
    yield "masked_latents", lambda worst: worst.compare(masked(), fixture["latent.masked"][0], base.FORWARD)
    yield "context", functools.partial(_compare_context, fixture)
    yield "pipeline", _repaints(fixture, network, model, marked)
    for name in fixture.tensors:
        if name.endswith(".step.0"):
            case = name.removesuffix(".step.0")
            yield case, _repainting_loop(fixture, network, case)


def _marked(fixture: Fixture) -> inpainting.Marked:
    image = _image(fixture)
    return inpainting.Marked.of(image, fixture["in.mask"].numpy(), *sizes.shrunk(*image.size))


def _image(fixture: Fixture) -> Image.Image:
    return Image.fromarray(fixture["in.image_uint8"].numpy())


def _compare_sizes(fixture: Fixture, worst: Worst) -> None:
    ours = [sizes.shrunk(*side) for side in fixture["resize.sizes_in_wh"].tolist()]
    shown = [size if min(size) > 0 else (-1, -1) for size in ours]
    worst.compare(torch.tensor(shown), fixture["resize.sizes_out_wh"], EXACT)


def _compare_prepared(fixture: Fixture, marked: inpainting.Marked, worst: Worst) -> None:
    worst.compare(marked.picture, fixture["batch.image"][0], base.ARITHMETIC)
    worst.compare(marked.keep, fixture["batch.mask"][0], base.ARITHMETIC)
    worst.compare(marked.masked, fixture["masked_image"][0], base.ARITHMETIC)
    worst.compare(marked.latent_keep, fixture["latent.mask"][0], base.ARITHMETIC)


def _compare_context(fixture: Fixture, worst: Worst) -> None:
    words = fixture.beside("t5_condition")
    ids = tuple(fixture["in.input_ids"][fixture["in.attention_mask"].bool()].tolist())
    hidden = base.build_encoder(words).encode(ids)
    said = text.context(hidden, base.build_projection(words), int(words.config["tokens_length"]))
    worst.compare(said.rows, fixture["context"][0], base.FORWARD)
    worst.compare(said.mask, fixture["context_mask"][0].bool(), EXACT)


def _repaints(fixture: Fixture, network: unet.Network, model: movq.MoVQ, marked: inpainting.Marked) -> Check:
    """The picture of the whole pipeline, from the picture and the mask on."""

    def check(worst: Worst) -> None:
        plan, prompts = _inpainting_plan(fixture, fixture.config["steps"]), base.read_prompts(fixture, negative=False)
        seen = inpainting.condition(marked, model.encode(marked.masked.unsqueeze(0))[0])
        states = [_begun(fixture, "loop", plan, prompts[0], i, condition=seen) for i in _pictures(fixture, "loop")]
        while not states[0].done:
            states = sampler.advance(states, network)
        decoded = model.decode(base.latents(states))
        worst.compare(pictures.unit(decoded), fixture["out.images"], base.PICTURE)

    return check


def _repainting_loop(fixture: Fixture, network: unet.Network, case: str) -> Check:
    def check(worst: Worst) -> None:
        plan = _inpainting_plan(fixture, len(fixture.numbered(f"{case}.step")))
        _compare_steps(fixture, case, network, [begun(plan, i) for i in _pictures(fixture, case)], LOOP, worst)

    def begun(plan: Sequence[sampler.Step], picture: int) -> sampler.State:
        channels = torch.cat([row(fixture["latent.mask"], picture), row(fixture["latent.masked"], picture)])
        mask = row(fixture["context_mask"], picture).bool()
        positive, negative = unet.Context(row(fixture["context"], picture), mask), None
        if f"{case}.negative_context" in fixture.tensors:  # its mask is the prompt's, as in the original
            negative = unet.Context(row(fixture[f"{case}.negative_context"], picture), mask)
        seen = unet.Condition(channels=channels)
        return _begun(fixture, case, plan, sampler.Prompt(positive, negative), picture, condition=seen)

    return check


def _inpainting_plan(fixture: Fixture, steps: int) -> tuple[sampler.Step, ...]:
    said = fixture.config
    return sampler.base_plan(steps, said["guidance"], said["percentile"], said["eta"], variant=Variant.INPAINTING)


def _img2img_cases(fixture: Fixture) -> Iterator[Case]:
    network = base.build_network(fixture.beside("unet"), 4)
    model = base.build_movq(fixture.beside("movq"))
    yield "ddpm", functools.partial(_compare_ddpm, fixture)
    yield "picture", lambda worst: worst.compare(canvas.tensor(_image(fixture)), fixture["mid.image"][0], EXACT)
    yield "latents", lambda worst: worst.compare(_latents(fixture, model), fixture["mid.latent"][0], base.FORWARD)
    for case, said in fixture.cases().items():
        yield case, _fork_loop(fixture, network, model, case, said)


def _compare_ddpm(fixture: Fixture, worst: Worst) -> None:
    worst.compare(schedule.cosine().betas, fixture["ddpm.betas"], base.ARITHMETIC)
    for name in fixture.tensors:
        if name.startswith("ddpm.timesteps"):
            steps = int(name.removeprefix("ddpm.timesteps"))
            worst.compare(torch.tensor(schedule.ddpm_times(steps)), fixture[name], EXACT)


def _latents(fixture: Fixture, model: movq.MoVQ) -> Tensor:
    return model.encode(canvas.tensor(_image(fixture)).unsqueeze(0))[0]


def _fork_loop(fixture: Fixture, network: unet.Network, model: movq.MoVQ, case: str, said: dict[str, Any]) -> Check:
    def check(worst: Worst) -> None:
        guidance = fixture.config["guidance_scale"]
        plan = sampler.ddpm_plan(said["steps"], guidance, Variant.BASE, said["strength"])
        worst.compare(torch.tensor([step.t for step in plan]), fixture[f"{case}.timesteps"], EXACT)
        start = _latents(fixture, model)
        begun = [
            _begun(fixture, case, plan, _fork_prompt(fixture, case, i), i, start=start)
            for i in _pictures(fixture, case)
        ]
        _compare_steps(fixture, case, network, begun, FORK_LOOP, worst)

    return check


def _fork_prompt(fixture: Fixture, case: str, picture: int) -> sampler.Prompt:
    rows = [row(fixture[f"{case}.{sign}prompt_embeds"], picture) for sign in ("", "negative_")]
    masks = [row(fixture[f"{case}.{sign}_mask"], picture).bool() for sign in ("prompt", "negative")]
    return sampler.Prompt(unet.Context(rows[0], masks[0]), unet.Context(rows[1], masks[1]))


def _pictures(fixture: Fixture, case: str) -> range:
    """The numbers of the pictures that a case paints at once."""
    return range(len(fixture[f"{case}.noise.0"]))


def _begun(
    fixture: Fixture,
    case: str,
    plan: Sequence[sampler.Step],
    prompt: sampler.Prompt,
    picture: int,
    *,
    start: Tensor | None = None,
    condition: unet.Condition | None = None,
) -> sampler.State:
    draws = tuple(draw[picture] for draw in fixture.numbered(f"{case}.noise"))
    channels, height, width = draws[0].shape
    return sampler.begin(
        tuple(plan),
        {step.variant: prompt for step in plan},
        noise.Tape(draws),
        (channels, height, width),
        start=start,
        condition=condition,
    )


def _compare_steps(
    fixture: Fixture, case: str, network: unet.Network, states: list[sampler.State], limit: float, worst: Worst
) -> None:
    """Every step of a loop, and its end, against what was recorded."""
    for expected in fixture.numbered(f"{case}.step"):
        states = sampler.advance(states, network)
        worst.compare(base.latents(states), expected, limit)
    worst.compare(base.latents(states), fixture[f"{case}.out"], limit)


FILES: dict[str, Callable[[Fixture], Iterator[Case]]] = {
    "inpainting": _inpainting_cases,
    "img2img": _img2img_cases,
}
