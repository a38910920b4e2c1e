"""The engine of Kandinsky 2.2: pictures of all its kinds in common batches, one step at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch

from engines import engine, errors, sizes, styles, tasks
from engines.kandinsky3 import pictures, previews
from engines.kandinsky3.family import Family
from engines.kandinsky22 import depth, inpainting, painting, recipes, sampler
from engines.kandinsky22.meanings import Meanings
from engines.kandinsky22.painting import Painting
from engines.kandinsky22.parts import Parts
from engines.kandinsky22.words import Words
from engines.painting import Recipe

# Pictures in one batch. A step of the decoder at 1024x1024 is as much work as one of Kandinsky 3, and its batches are
# bounded alike; the prior's 81 tokens a row are little work, and more rows hide the reading of its weights.
LARGE_AREA_PX: Final = 768 * 768
LARGE_BATCH, SMALL_BATCH, PRIOR_BATCH = 4, 8, 16


class Kandinsky22Engine:
    """`engine.Engine` for tasks whose model is Kandinsky 2.2."""

    def __init__(self, parts: Parts, made: Mapping[type[object], Recipe[Any, Painting]]) -> None:
        self._parts = parts
        self._recipes = made

    def steps(self, task: tasks.Task) -> int:
        return len(self._recipe(task).plan(task))

    def prepare(self, task: tasks.Task, media: tasks.Media) -> list[engine.Unit]:
        return [one.unit() for one in self._recipe(task).begin(task, media)]

    def advance(self, units: Sequence[engine.Unit]) -> list[engine.Unit]:
        paintings = [painting.of(unit) for unit in units]
        states = self._advance([one.state for one in paintings])
        return [dataclasses.replace(one, state=state).unit() for one, state in zip(paintings, states, strict=True)]

    @torch.inference_mode()
    def finish(self, unit: engine.Unit) -> tasks.Picture:
        one = painting.of(unit)
        with self._parts.shelf.lease(self._parts.movq) as model:
            decoded = model.decode(one.state.latents.unsqueeze(0))[0]
        if not decoded.isfinite().all():
            raise errors.EngineFailed("the decoded picture has values that are not numbers")
        return pictures.finished(decoded, one)

    def previews(self, sheets: Sequence[Sequence[engine.Unit]]) -> list[bytes] | None:
        """Also None while any of the pictures is still with the prior: an embedding cannot be shown."""
        sketches = [[_sketch(painting.of(unit)) for unit in units] for units in sheets]
        shown = [[sketch for sketch in sheet if sketch is not None] for sheet in sketches]
        decoder = self._parts.movq
        if [len(sheet) for sheet in shown] != [len(sheet) for sheet in sketches]:
            return None
        if not self._parts.shelf.holds(decoder.name) and not self._parts.shelf.has_room_for(decoder):
            return None
        with self._parts.shelf.lease(decoder) as model:
            return previews.jpegs(model, shown)

    def batch_cap(self, unit: engine.Unit) -> int:
        one = painting.of(unit)
        if one.stage is tasks.Stage.IMAGINING:
            return PRIOR_BATCH
        return LARGE_BATCH if one.size.canvas_width_px * one.size.canvas_height_px >= LARGE_AREA_PX else SMALL_BATCH

    def is_loaded(self, unit: engine.Unit) -> bool:
        return self._parts.shelf.holds(self._next(painting.of(unit).state))

    def _advance(self, states: Sequence[sampler.State]) -> list[sampler.State]:
        network = states[0].next_step.network
        if network is sampler.Network.PRIOR:
            with self._parts.shelf.lease(self._parts.prior) as prior:
                return sampler.imagine(states, prior, self._parts.prior_schedule)
        with self._parts.shelf.lease(self._parts.decoder(network)) as decoder:
            return sampler.paint(states, decoder, self._parts.schedule)

    def _next(self, state: sampler.State) -> str:
        """The component of the next step."""
        if state.done:
            return self._parts.movq.name
        network = state.next_step.network
        return self._parts.prior.name if network is sampler.Network.PRIOR else self._parts.decoder(network).name

    def _recipe(self, task: tasks.Task) -> Recipe[Any, Painting]:
        recipe = self._recipes.get(type(task))
        if recipe is None:
            raise errors.InvalidTask(f"Kandinsky 2.2 does not serve {task.kind}")
        return recipe


def serves(task: tasks.Task) -> bool:
    """Whether a task asks for Kandinsky 2.2."""
    return getattr(task, "model", None) is tasks.Model.KANDINSKY_22


def open_engine(family: Family, profile: sizes.Profile) -> Kandinsky22Engine:
    """The engine on a family's shelf. Raises CheckpointMissing, CheckpointInvalid."""
    parts = Parts(family)
    words = Words(parts.tokenizer, parts.text_encoder, parts.shelf, styles.STYLES[profile])
    setting = recipes.Setting(parts, Meanings(parts, words), profile)
    return Kandinsky22Engine(
        parts,
        {
            tasks.TextToImage: recipes.TextToImage(setting),
            tasks.ImageVariation: recipes.ImageVariation(setting),
            tasks.ImageFusion: recipes.ImageFusion(setting),
            tasks.ImageTextFusion: recipes.ImageTextFusion(setting),
            tasks.ImageToImage: recipes.ImageToImage(setting),
            tasks.Inpaint: inpainting.Inpaint(setting),
            tasks.StyleTransfer: depth.StyleTransfer(setting),
        },
    )


def _sketch(one: Painting) -> previews.Sketch | None:
    return None if one.state.estimate is None else previews.Sketch(one.state.estimate, one.size)
