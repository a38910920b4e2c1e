"""How the golden file of the image prompt is run; limits are those of the fixtures' README, float32 on the CPU.

File: ip_adapter. The U-Net comes from `unet`, the text encoder and the projection from `t5_condition` beside it.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from engines.golden import EXACT, Case, Check, Fixture, Worst, factor
from engines.kandinsky3 import (
    fork_text,
    golden,
    image_encoder,
    image_prompt,
    image_prompt_files,
    image_words,
    keymaps,
    sampler,
    text,
    unet,
)

FORWARD = 1e-4  # one pass of a network
LOOP = 5e-4  # every step of the fork's DDPM


@dataclass(frozen=True, slots=True)
class _Family:
    """Everything from ids and pixels to latents."""

    host: unet.Network
    adapter: image_prompt.Adapter
    clip: image_encoder.ImageEncoder
    encoder: text.TextEncoder
    projection: text.Projection

    @property
    def network(self) -> image_prompt.Network:
        return image_prompt.Network(self.host, self.adapter)


def _cases(fixture: Fixture) -> Iterator[Case]:
    words = fixture.beside("t5_condition")
    family = _Family(
        golden.build_network(fixture.beside("unet"), 4),
        image_prompt_files.adapter_from_original(fixture.below(image_prompt_files.SLIM), fixture.path.name),
        image_encoder.from_state(fixture.config["clip"], fixture.below("clip.")),
        golden.build_encoder(words),
        golden.build_projection(words),
    )
    yield "clip", functools.partial(_compare_embeddings, fixture, family)
    yield "image_tokens", functools.partial(_compare_tokens, fixture, family)
    for name in sorted(fixture.tensors):
        if name.startswith("attn.out_w"):
            yield name.replace(".out_", "_"), _attention_check(fixture, family, name)
        elif name.startswith("unet.out_w"):
            yield name.replace(".out_", "_"), _pass_check(fixture, family, name)
    for case, said in fixture.cases().items():
        yield f"{case}_context", functools.partial(_compare_contexts, fixture, case, said, family)
        yield f"{case}_embedding", functools.partial(_compare_fused, fixture, case, family)
        yield case, functools.partial(_compare_loop, fixture, case, said, family)


def _compare_embeddings(fixture: Fixture, family: _Family, worst: Worst) -> None:
    worst.compare(family.clip.embed_pixels(fixture["pipe.pixel_values"]), fixture["pipe.image_embeds"], FORWARD)
    worst.compare(family.clip.embed_nothing().unsqueeze(0), fixture["pipe.zero_image_embed"], FORWARD)


def _compare_tokens(fixture: Fixture, family: _Family, worst: Worst) -> None:
    worst.compare(family.adapter.tokens(fixture["unet.image_embeds"]), fixture["unet.image_tokens"], FORWARD)


def _attention_check(fixture: Fixture, family: _Family, name: str) -> Check:
    layer = keymaps.unet_name_to_stock(fixture.config["attn_probe_layer"])

    def check(worst: Worst) -> None:
        tokens = fixture["attn.image_features"]
        processor = image_prompt.ImageAttentionProcessor(
            family.adapter.attention(layer), tokens, torch.full((len(tokens), 1, 1), _weight(name))
        )
        rows, scores = unet.stack(_contexts(fixture, "attn."), tokens.dtype, tokens.device)
        attention = image_prompt.cross_attentions(family.host.unet)[layer]
        worst.compare(processor(attention, fixture["attn.x"], rows, scores.unsqueeze(1)), fixture[name], FORWARD)

    return check


def _pass_check(fixture: Fixture, family: _Family, name: str) -> Check:
    def check(worst: Worst) -> None:
        prompts = [family.adapter.prompt(embedding, _weight(name)) for embedding in fixture["unet.image_embeds"]]
        contexts = [
            image_words.seen(context, prompt)
            for context, prompt in zip(_contexts(fixture, "unet."), prompts, strict=True)
        ]
        actual = family.network(fixture["unet.x"], fixture["unet.t"].tolist(), contexts)
        worst.compare(actual, fixture[name], FORWARD)

    return check


def _compare_contexts(fixture: Fixture, case: str, said: dict[str, Any], family: _Family, worst: Worst) -> None:
    for sign, context in zip(("prompt", "negative_prompt"), _said(fixture, case, said, family), strict=True):
        mask = f"{case}.{sign.removesuffix('_prompt')}_mask"
        worst.compare(context.rows.unsqueeze(0), fixture[f"{case}.{sign}_embeds"], FORWARD)
        worst.compare(context.mask.unsqueeze(0), fixture[mask].bool(), EXACT)


def _compare_fused(fixture: Fixture, case: str, family: _Family, worst: Worst) -> None:
    weights = fixture[f"{case}.weights"].tolist()
    shown = family.clip.embed_pixels(fixture["pipe.pixel_values"])
    expected = fixture[f"{case}.fused_embeds"]
    # the file does not say which of its pictures a case shows, nor in which order: those that fit
    orders = itertools.permutations(shown, len(weights))
    sums = [image_encoder.fused(order, weights).expand_as(expected) for order in orders]
    worst.compare(min(sums, key=lambda one: float((one - expected).abs().max())), expected, FORWARD)


def _compare_loop(fixture: Fixture, case: str, said: dict[str, Any], family: _Family, worst: Worst) -> None:
    plan = sampler.ddpm_plan(said["steps"], fixture.config["guidance_scale"], sampler.Variant.IMAGE_PROMPT)
    worst.compare(torch.tensor([step.t for step in plan]), fixture[f"{case}.timesteps"], EXACT)
    weight = said["img_weight"]
    sight = image_words.Sight(
        family.adapter.prompt(fixture[f"{case}.fused_embeds"][0], weight),
        family.adapter.prompt(family.clip.embed_nothing(), weight),
    )
    prompt = sight.beside(*_said(fixture, case, said, family))
    states = golden.begin_states(fixture, case, plan, [prompt] * len(fixture[f"{case}.noise.0"]))
    for i in range(len(plan)):
        states = sampler.advance(states, family.network)
        worst.compare(golden.latents(states), fixture[f"{case}.step.{i}"], LOOP)
    worst.compare(golden.latents(states), fixture[f"{case}.out"], LOOP)


def _said(fixture: Fixture, case: str, said: dict[str, Any], family: _Family) -> tuple[unet.Context, unet.Context]:
    """The contexts with a prompt and without, from the recorded ids."""
    positive = _ids(fixture, case, "")
    negative = _ids(fixture, case, "negative_") if f"{case}.negative_input_ids" in fixture.tensors else None
    dialect = fork_text.Dialect(cut=said.get("cut_context", True))
    limit = fixture[f"{case}.input_ids"].shape[-1]
    return fork_text.contexts(family.encoder.encode, family.projection, positive, negative, dialect, limit)


def _ids(fixture: Fixture, case: str, sign: str) -> tuple[int, ...]:
    ids, mask = fixture[f"{case}.{sign}input_ids"][0], fixture[f"{case}.{sign}attention_mask"][0]
    return tuple(ids[mask.bool()].tolist())


def _contexts(fixture: Fixture, prefix: str) -> list[unet.Context]:
    rows, masks = fixture[f"{prefix}context"], fixture[f"{prefix}context_mask"].bool()
    return [unet.Context(*said) for said in zip(rows, masks, strict=True)]


def _weight(name: str) -> float:
    """The image weight that the name of an output ends with."""
    return factor(name.rpartition("_w")[2])


FILES: dict[str, Callable[[Fixture], Iterator[Case]]] = {"ip_adapter": _cases}
