"""Text to image: a task becomes one sampler state a picture, and a finished state a PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from engines import engine, errors, residency, sizes, styles, tasks
from engines.kandinsky3 import movq, noise, pictures, previews, sampler, text, unet

CACHE_BYTES = 256 * 2**20
# Pictures in one batch, by the area of the canvas. At 1024x1024 a batch of 4 already fills a card (the U-Net takes
# 1.1 GiB of activations for 8 guided pictures), and a smaller batch ends, joins and cancels sooner.
LARGE_AREA_PX = 768 * 768
LARGE_BATCH, SMALL_BATCH = 4, 8


@dataclass(frozen=True, slots=True)
class Family:
    """The components that text to image needs."""

    tokenizer: text.Tokenizer
    encoder: residency.Component[text.TextEncoder]
    movq: residency.Component[movq.MoVQ]
    networks: Mapping[sampler.Variant, residency.Component[unet.Network]]
    projections: Mapping[sampler.Variant, residency.Component[text.Projection]]


@dataclass(frozen=True, slots=True)
class Lane:
    """What states must share to advance in one batch."""

    variant: sampler.Variant
    height_px: int
    width_px: int


@dataclass(frozen=True, slots=True)
class Painting:
    """A state and what its picture will be."""

    state: sampler.State
    size: sizes.Size
    seed: int


class TextToImageEngine:
    """`engine.Engine` for `tasks.TextToImage`."""

    def __init__(
        self,
        family: Family,
        shelf: residency.Shelf,
        device: torch.device,
        ratios: Mapping[tasks.AspectRatio, sizes.Size],
        drawing_styles: Sequence[styles.Style],
    ) -> None:
        self._family = family
        self._shelf = shelf
        self._device = device
        self._ratios = ratios
        self._styles = tuple(drawing_styles)
        self._cache = text.Cache(CACHE_BYTES)

    def steps(self, task: tasks.Task) -> int:
        return len(_plan(task))

    def prepare(self, task: tasks.Task) -> list[engine.Unit]:
        size = self._ratios[task.aspect_ratio]
        plan = _plan(task)
        prompts = self._prompts(task, {step.variant for step in plan})
        shape = (4, size.canvas_height_px // movq.FACTOR, size.canvas_width_px // movq.FACTOR)
        states = [
            sampler.begin(plan, prompts, noise.Seeded(task.seed, picture), shape, self._device)
            for picture in range(task.count)
        ]
        return [_unit(Painting(state, size, task.seed)) for state in states]

    def advance(self, units: Sequence[engine.Unit]) -> list[engine.Unit]:
        paintings = [_painting(unit) for unit in units]
        variant = paintings[0].state.next_step.variant
        with self._shelf.lease(self._family.networks[variant]) as network:
            states = sampler.advance([painting.state for painting in paintings], network)
        return [
            _unit(Painting(state, painting.size, painting.seed))
            for state, painting in zip(states, paintings, strict=True)
        ]

    @torch.inference_mode()
    def finish(self, unit: engine.Unit) -> tasks.Picture:
        painting = _painting(unit)
        with self._shelf.lease(self._family.movq) as model:
            decoded = model.decode(painting.state.latents.unsqueeze(0))[0]
        if not decoded.isfinite().all():
            raise errors.EngineFailed("the decoded picture has values that are not numbers")
        width_px, height_px = painting.size.width_px, painting.size.height_px
        return tasks.Picture(pictures.png(decoded, width_px, height_px), width_px, height_px, painting.seed)

    def previews(self, sheets: Sequence[Sequence[engine.Unit]]) -> list[bytes] | None:
        decoder = self._family.movq
        if not self._shelf.holds(decoder.name) and not self._shelf.has_room_for(decoder):
            return None
        with self._shelf.lease(decoder) as model:
            return previews.jpegs(model, [[_sketch(unit) for unit in units] for units in sheets])

    def batch_cap(self, unit: engine.Unit) -> int:
        size = _painting(unit).size
        return LARGE_BATCH if size.canvas_width_px * size.canvas_height_px >= LARGE_AREA_PX else SMALL_BATCH

    def is_loaded(self, unit: engine.Unit) -> bool:
        state = _painting(unit).state
        component = self._family.movq if state.done else self._family.networks[state.next_step.variant]
        return self._shelf.holds(component.name)

    def _prompts(self, task: tasks.Task, variants: set[sampler.Variant]) -> dict[sampler.Variant, sampler.Prompt]:
        """What each network of the plan is told; only the base network listens to a negative prompt."""
        tokenizer = self._family.tokenizer
        style = styles.find(self._styles, task.style)
        positive = text.worded_tokens(task.prompt, style.wording(task.prompt), tokenizer)
        unwanted = style.negative_prompt(task.negative_prompt)
        negative: tuple[int, ...] | None = None
        if unwanted and sampler.Variant.BASE in variants:
            negative = text.negative_tokens(positive, text.tokens(unwanted, tokenizer))
        prompts = {}
        for variant in sorted(variants):
            said = self._context(positive, variant)
            unsaid = self._context(negative, variant) if negative and variant is sampler.Variant.BASE else None
            prompts[variant] = sampler.Prompt(said, unsaid)
        return prompts

    def _context(self, ids: tuple[int, ...], variant: sampler.Variant) -> unet.Context:
        hidden = self._cache.get(ids)
        if hidden is None:
            with self._shelf.lease(self._family.encoder) as encoder:
                hidden = encoder.encode(ids)
            self._cache.put(ids, hidden)
        with self._shelf.lease(self._family.projections[variant]) as projection:
            return text.context(hidden, projection)


def _plan(task: tasks.Task) -> tuple[sampler.Step, ...]:
    if task.model is tasks.Model.KANDINSKY_3_FLASH:
        return sampler.flash_plan()
    base = sampler.base_plan(task.steps, task.guidance)
    return (*base, *sampler.refiner_plan()) if task.refine else base


def _unit(painting: Painting) -> engine.Unit:
    state, size = painting.state, painting.size
    lane: Lane | None = None
    stage = tasks.Stage.DECODING
    if not state.done:
        variant = state.next_step.variant
        lane = Lane(variant, size.canvas_height_px, size.canvas_width_px)
        refining = variant is sampler.Variant.FLASH and state.plan[0].variant is sampler.Variant.BASE
        stage = tasks.Stage.REFINING if refining else tasks.Stage.SAMPLING
    return engine.Unit(lane, stage, state.position, len(state.plan), painting)


def _sketch(unit: engine.Unit) -> previews.Sketch:
    painting = _painting(unit)
    if painting.state.estimate is None:
        raise errors.EngineFailed("a unit before its first step has nothing to show")
    return previews.Sketch(painting.state.estimate, painting.size)


def _painting(unit: engine.Unit) -> Painting:
    if not isinstance(unit.payload, Painting):
        raise errors.EngineFailed("a unit of another engine came here")
    return unit.payload
