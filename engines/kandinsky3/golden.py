"""How the golden files of the Kandinsky 3 family are run; limits are those of the fixtures' README, float32 on the CPU.

Files: unet, movq, schedule, base_loop, flash_refiner, t5_condition, e2e_t2i. The loops take their weights from `unet`,
`movq` and `t5_condition` in the same directory.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from engines.golden import EXACT, Case, Check, Fixture, Worst
from engines.kandinsky3 import movq, noise, pictures, sampler, schedule, text, unet

FORWARD = 1e-4  # one pass of a network
LOOP = 1e-4  # every step of the base sampler
LOOP_UNCLIPPED = 5e-4  # the same with plain clipping: the first step divides by √ᾱ_999 = 5e-5
PICTURE = 5e-4  # prompt to picture
FLASH = 1e-5  # times the peak of the expected values
ARITHMETIC = 1e-5  # schedules, thresholds
EIGHT_BIT = 1.0


def _unet_cases(fixture: Fixture) -> Iterator[Case]:
    said = _contexts(fixture["in.context"], fixture["in.context_mask"])
    everything = _contexts(fixture["in.context"], torch.ones_like(fixture["in.context_mask"]))

    def passes(channels: int, contexts: Sequence[unet.Context], expected: str) -> Check:
        def check(worst: Worst) -> None:
            network = build_network(fixture, channels)
            actual = network(fixture[f"in.x{channels}"], fixture["in.time"].tolist(), contexts)
            worst.compare(actual, fixture[expected], FORWARD)

        return check

    yield "y4", passes(4, said, "out.y4")
    if "out.y4_nocontext_mask" in fixture.tensors:
        yield "y4_nocontext_mask", passes(4, everything, "out.y4_nocontext_mask")
    if "out.y9" in fixture.tensors:
        yield "y9", passes(9, said, "out.y9")
    if any(name.startswith("mid.") for name in fixture.tensors):
        yield "mid", functools.partial(_compare_inside, fixture, said)


def _compare_inside(fixture: Fixture, said: Sequence[unet.Context], worst: Worst) -> None:
    """What passes between the parts of the 4-channel network."""
    network = build_network(fixture, 4)
    stock = network.unet
    parts = {
        "mid.time_embed": stock.time_embedding,
        "mid.time_embed_pooled": stock.add_time_condition,
        "mid.in_layer": stock.conv_in,
        **{f"mid.down.{level}": block for level, block in enumerate(stock.down_blocks)},
        **{f"mid.up.{level}": block for level, block in enumerate(stock.up_blocks)},
    }
    seen: dict[str, Tensor] = {}
    for name, part in parts.items():
        part.register_forward_hook(lambda _part, _given, gives, name=name: seen.update({name: gives}))
    network(fixture["in.x4"], fixture["in.time"].tolist(), said)
    for name, actual in seen.items():
        if name in fixture.tensors:
            worst.compare_to_peak(actual, fixture[name], FORWARD)


def _movq_cases(fixture: Fixture) -> Iterator[Case]:
    model = build_movq(fixture)
    yield "encode", lambda worst: worst.compare(model.encode(fixture["in.image"]), fixture["out.latent"], FORWARD)
    for case, latent, picture in (
        ("decode", "out.latent", "out.image_from_latent"),
        ("decode2", "in.latent2", "out.image2"),
    ):
        if picture in fixture.tensors:
            yield case, _decodes(fixture, model, latent, picture)


def _decodes(fixture: Fixture, model: movq.MoVQ, latent: str, picture: str) -> Check:
    return lambda worst: worst.compare(model.decode(fixture[latent]), fixture[picture], FORWARD)


def _schedule_cases(fixture: Fixture) -> Iterator[Case]:
    yield "cosine", lambda worst: _compare_schedule(worst, fixture, "cosine", schedule.cosine())
    yield "linear", lambda worst: _compare_schedule(worst, fixture, "linear", schedule.linear())
    yield "times", lambda worst: _compare_times(worst, fixture)
    yield "noising", lambda worst: _compare_noising(worst, fixture)
    yield "threshold", lambda worst: _compare_thresholds(worst, fixture)
    yield "sigma", lambda worst: _compare_sigmas(worst, fixture)


def _compare_schedule(worst: Worst, fixture: Fixture, name: str, ours: schedule.Schedule) -> None:
    posterior = ours.posterior()
    for array, actual in (
        ("betas", ours.betas),
        ("alphas_cumprod", ours.alphas_cumprod),
        ("sqrt_alphas_cumprod", ours.alphas_cumprod.sqrt()),
        ("sqrt_one_minus_alphas_cumprod", (1 - ours.alphas_cumprod).sqrt()),
        ("alphas_cumprod_prev", posterior.alphas_cumprod_prev),
        ("posterior_variance", posterior.variance),
        ("posterior_log_variance", posterior.log_variance),
        ("posterior_mean_coef_1", posterior.mean_coef_x0),
        ("posterior_mean_coef_2", posterior.mean_coef_xt),
    ):
        if f"{name}.{array}" in fixture.tensors:
            worst.compare(actual, fixture[f"{name}.{array}"], ARITHMETIC)


def _compare_times(worst: Worst, fixture: Fixture) -> None:
    for name in fixture.tensors:
        if match := re.fullmatch(r"times\.base\.(\d+)", name):
            worst.compare(torch.tensor(schedule.base_times(int(match[1]))), fixture[name], EXACT)
        elif name == "times.flash":
            worst.compare(torch.tensor(schedule.FLASH_TIMES), fixture[name], EXACT)


def _compare_noising(worst: Worst, fixture: Fixture) -> None:
    cosine = schedule.cosine()
    for i, t in enumerate(fixture["q.t"].tolist()):
        signal = float(cosine.alpha_bar(t).sqrt())
        x_t = fixture["q.out"][i]
        worst.compare(cosine.noised(fixture["q.x0"][i], t, fixture["q.noise"][i]), x_t, ARITHMETIC)
        # going back divides by the share of the signal, or of the noise, and so does rounding
        worst.compare(cosine.clean(x_t, t, fixture["q.noise"][i]), fixture["q.x0_back"][i], ARITHMETIC / signal)
        back = cosine.noise_between(x_t, t, fixture["q.x0"][i])
        worst.compare(back, fixture["q.noise_back"][i], ARITHMETIC / (1 - signal**2) ** 0.5)


def _compare_thresholds(worst: Worst, fixture: Fixture) -> None:
    for name in fixture.tensors:
        if match := re.fullmatch(r"threshold\.out_(?:p(\d\d+)|none)", name):
            quantile = float(f"0.{match[1]}") if match[1] else None  # p99 is 0.99, p995 is 0.995
            actual = [sampler.threshold(sample, quantile) for sample in fixture["threshold.in"]]
            worst.compare_to_peak(torch.stack(actual), fixture[name], ARITHMETIC)


def _compare_sigmas(worst: Worst, fixture: Fixture) -> None:
    pairs = fixture["var.pairs"].tolist()
    for name in fixture.tensors:
        if name.startswith("var.eta"):
            eta = float(name.removeprefix("var.eta"))
            actual = torch.stack([schedule.cosine().sigma(t, previous, eta) for t, previous in pairs])
            worst.compare(actual, fixture[name], ARITHMETIC)


def _base_loop_cases(fixture: Fixture) -> Iterator[Case]:
    null_embedding = fixture["null_embedding"] if "null_embedding" in fixture.tensors else None
    network = build_network(fixture.beside("unet"), 4, null_embedding)
    for name in fixture.tensors:
        if match := re.fullmatch(r"guided\.out_w([\d.]+?)(_neg)?", name):
            yield name.replace(".out", ""), _guided_check(fixture, network, name, float(match[1]), bool(match[2]))
    for case, said in fixture.cases().items():
        plan = sampler.base_plan(
            said["steps"], said["guid"], quantile=said.get("perc", sampler.QUANTILE), eta=said.get("eta", 1.0)
        )
        prompts = read_prompts(fixture, negative=said.get("neg", False))
        limit = LOOP if said.get("perc", sampler.QUANTILE) is not None else LOOP_UNCLIPPED
        yield case, _loop_check(fixture, network, case, plan, prompts, limit)


def _guided_check(fixture: Fixture, network: unet.Network, name: str, guidance: float, negative: bool) -> Check:
    def check(worst: Worst) -> None:
        steps = [sampler.Guided(t, 0, guidance) for t in fixture["guided.t"].tolist()]
        actual = sampler.predict(network, list(fixture["guided.x"]), steps, read_prompts(fixture, negative))
        worst.compare(torch.stack(actual), fixture[name], FORWARD)

    return check


def _flash_refiner_cases(fixture: Fixture) -> Iterator[Case]:
    network = build_network(fixture.beside("unet"), 4)
    prompts = read_prompts(fixture, negative=False)
    for case in fixture.config:
        if case == "flash":
            yield case, _loop_check(fixture, network, case, sampler.flash_plan(), prompts, None)
        elif case == "refiner":
            yield case, _loop_check(fixture, network, case, sampler.refiner_plan(), prompts, None)
        else:
            yield case, None


def _loop_check(
    fixture: Fixture,
    network: unet.Network,
    case: str,
    plan: tuple[sampler.Step, ...],
    prompts: Sequence[sampler.Prompt],
    limit: float | None,
) -> Check:
    """A loop against its recorded steps; without a limit errors are measured against each step's peak."""

    def check(worst: Worst) -> None:
        worst.compare(torch.tensor([step.t for step in plan]), fixture[f"{case}.times"], EXACT)
        states = begin_states(fixture, case, plan, prompts)
        for i in range(len(plan)):
            states = sampler.advance(states, network)
            reached = latents(states)
            expected = [fixture[f"{case}.step.{i}"], *([fixture[f"{case}.out"]] if i == len(plan) - 1 else [])]
            for tensor in expected:
                if limit is None:
                    worst.compare_to_peak(reached, tensor, FLASH)
                else:
                    worst.compare(reached, tensor, limit)

    return check


def begin_states(
    fixture: Fixture, case: str, plan: tuple[sampler.Step, ...], prompts: Sequence[sampler.Prompt]
) -> list[sampler.State]:
    draws = fixture.numbered(f"{case}.noise")
    start = fixture[f"{case}.in_latent"] if f"{case}.in_latent" in fixture.tensors else None
    states = []
    for i, prompt in enumerate(prompts):
        said = dict.fromkeys(sampler.Variant, prompt)
        tape = noise.Tape(tuple(draw[i] for draw in draws))
        if start is None:
            height, width = draws[0].shape[-2:]
            states.append(sampler.begin(plan, said, tape, (draws[0].shape[1], height, width)))
        else:
            states.append(sampler.State(start[i], plan, said, tape, draws=0))
    return states


def latents(states: Sequence[sampler.State]) -> Tensor:
    return torch.stack([state.latents for state in states])


def _t5_cases(fixture: Fixture) -> Iterator[Case]:
    encoder, projection = build_encoder(fixture), build_projection(fixture)
    for name in fixture.tensors:
        if name.endswith(".input_ids"):
            case = name.removesuffix(".input_ids")
            yield case, functools.partial(_compare_text, fixture, case, encoder, projection)


def _compare_text(
    fixture: Fixture, case: str, encoder: text.TextEncoder, projection: text.Projection, worst: Worst
) -> None:
    limit = int(fixture.config["tokens_length"])
    signs = [("", fixture[f"{case}.input_ids"], fixture[f"{case}.attention_mask"])]
    if f"{case}.negative_input_ids" in fixture.tensors:
        negative_mask = fixture[f"{case}.negative_attention_mask"]
        signs.append(("negative_", fixture[f"{case}.negative_input_ids"], negative_mask))
        positive = _cut(fixture[f"{case}.positive_raw_ids"].tolist(), limit)
        negative = text.negative_tokens(positive, fixture[f"{case}.negative_raw_ids"].tolist())
        for ids, (_, expected, mask) in zip((positive, negative), signs, strict=True):
            padded = [*ids, *[text.PAD] * (limit - len(ids))]
            worst.compare(torch.tensor(padded), expected, EXACT)
            worst.compare(torch.arange(limit) < len(ids), mask.bool(), EXACT)
    for sign, all_ids, all_masks in signs:
        said = [
            text.context(encoder.encode(_seen(ids, mask)), projection, limit)
            for ids, mask in zip(all_ids.reshape(-1, limit), all_masks.reshape(-1, limit), strict=True)
        ]
        longest = max(len(context.rows) for context in said)  # the original pads a batch to its longest prompt
        rows = [torch.nn.functional.pad(context.rows, (0, 0, 0, longest - len(context.rows))) for context in said]
        masks = [torch.nn.functional.pad(context.mask, (0, longest - len(context.mask))) for context in said]
        worst.compare(torch.stack(rows), fixture[f"{case}.{sign}context"], FORWARD)
        worst.compare(torch.stack(masks), fixture[f"{case}.{sign}context_mask"].bool(), EXACT)


def _cut(ids: list[int], limit: int) -> list[int]:
    """A prompt's ids with the end mark last, as the tokenizer cuts them."""
    return ids if len(ids) <= limit else [*ids[: limit - 1], text.EOS]


@dataclass(frozen=True, slots=True)
class _Family:
    """Everything from token ids to pictures."""

    network: unet.Network
    model: movq.MoVQ
    encoder: text.TextEncoder
    projection: text.Projection
    limit: int

    def context(self, fixture: Fixture, sign: str) -> unet.Context:
        ids = _seen(fixture[f"{sign}input_ids"], fixture[f"{sign}attention_mask"])
        return text.context(self.encoder.encode(ids), self.projection, self.limit)


def _e2e_cases(fixture: Fixture) -> Iterator[Case]:
    words = fixture.beside("t5_condition")
    family = _Family(
        build_network(fixture.beside("unet"), 4),
        build_movq(fixture.beside("movq")),
        build_encoder(words),
        build_projection(words),
        int(words.config["tokens_length"]),
    )
    for case, said in fixture.cases().items():
        decoded = functools.cache(functools.partial(_painted, fixture, case, said, family))
        yield case, functools.partial(_compare_pictures, fixture, case, decoded)
        yield f"{case}_uint8", functools.partial(_compare_eight_bit, fixture, case, decoded)


def _painted(fixture: Fixture, case: str, said: dict[str, Any], family: _Family) -> Tensor:
    negative = family.context(fixture, "negative_") if case.endswith("_neg") else None
    prompts = [sampler.Prompt(family.context(fixture, ""), negative)] * len(fixture[f"{case}.noise.0"])
    plan: tuple[sampler.Step, ...] = (
        sampler.flash_plan()
        if said.get("gan", False)
        else sampler.base_plan(said["steps"], said["guidance"], eta=said.get("eta", 1.0))
    )
    states = begin_states(fixture, case, plan, prompts)
    while not states[0].done:
        states = sampler.advance(states, family.network)
    return family.model.decode(latents(states))


def _compare_pictures(fixture: Fixture, case: str, decoded: Callable[[], Tensor], worst: Worst) -> None:
    worst.compare(pictures.unit(decoded()), fixture[f"{case}.images"], PICTURE)


def _compare_eight_bit(fixture: Fixture, case: str, decoded: Callable[[], Tensor], worst: Worst) -> None:
    worst.compare(pictures.eight_bit(decoded()), fixture[f"{case}.images_uint8"], EIGHT_BIT)


def _seen(ids: Tensor, mask: Tensor) -> tuple[int, ...]:
    return tuple(ids[mask.bool()].tolist())


def _contexts(rows: Tensor, masks: Tensor) -> list[unet.Context]:
    return [unet.Context(row, mask.bool()) for row, mask in zip(rows, masks, strict=True)]


def read_prompts(fixture: Fixture, negative: bool) -> list[sampler.Prompt]:
    positives = _contexts(fixture["context"], fixture["context_mask"])
    if not negative:
        return [sampler.Prompt(positive) for positive in positives]
    negatives = _contexts(fixture["negative_context"], fixture["negative_context_mask"])
    return [sampler.Prompt(*pair) for pair in zip(positives, negatives, strict=True)]


def build_network(fixture: Fixture, channels: int, null_embedding: Tensor | None = None) -> unet.Network:
    config = unet_config(fixture)
    tensors = fixture.below("unet.")
    if channels != config.num_channels:
        tensors |= fixture.below(f"unet{channels}.")
    tensors = {f"unet.{name}": tensor for name, tensor in tensors.items()}
    tensors["null_embedding"] = fixture["null_embedding"] if null_embedding is None else null_embedding
    return unet.from_original(replace(config, num_channels=channels), tensors, fixture.path.name)


def unet_config(fixture: Fixture) -> unet.UNetConfig:
    """The sizes among what a file's configuration says."""
    return unet.UNetConfig(**known_sizes(fixture, unet.UNetConfig))


def known_sizes(fixture: Fixture, sizes: type) -> dict[str, Any]:
    """What a file's configuration says of the fields of a dataclass of sizes."""
    known = {field.name for field in fields(sizes)}
    return {name: value for name, value in fixture.config.items() if name in known}


def build_movq(fixture: Fixture) -> movq.MoVQ:
    config = movq.MoVQConfig(**known_sizes(fixture, movq.MoVQConfig))
    return movq.from_original(config, fixture.below("movq."), fixture.path.name)


def build_encoder(fixture: Fixture) -> text.TextEncoder:
    ours = ("tokens_length", "context_dim")
    config = {name: value for name, value in fixture.config.items() if name not in ours}
    return text.encoder_from_state(config, fixture.below("t5."))


def build_projection(fixture: Fixture) -> text.Projection:
    return text.projection_from_original(fixture.below("projection."), fixture.path.name)


FILES: dict[str, Callable[[Fixture], Iterator[Case]]] = {
    "unet": _unet_cases,
    "movq": _movq_cases,
    "schedule": _schedule_cases,
    "base_loop": _base_loop_cases,
    "flash_refiner": _flash_refiner_cases,
    "t5_condition": _t5_cases,
    "e2e_t2i": _e2e_cases,
}
