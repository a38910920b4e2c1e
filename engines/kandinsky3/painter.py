"""The engine of the family: every kind that samples with a Kandinsky 3 network, in common batches.

Kinds differ in how a picture begins (their `Recipe`). Afterwards a step is a step: pictures of different kinds share a
batch whenever their next step needs the same network on the same canvas.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from engines import engine, errors, tasks
from engines.kandinsky3 import files, painting, pictures, previews, sampler, tiling
from engines.kandinsky3.family import Family
from engines.kandinsky3.painting import Painting
from engines.painting import Recipe

# Pictures in one batch, by the area of the canvas. At 1024x1024 a batch of 4 already fills a card (the U-Net takes
# 1.1 GiB of activations for 8 guided pictures), and a smaller batch ends, joins and cancels sooner.
LARGE_AREA_PX = 768 * 768
LARGE_BATCH, SMALL_BATCH = 4, 8


class Kandinsky3Engine:
    """`engine.Engine` for the kinds that have a recipe here."""

    def __init__(self, family: Family, recipes: Mapping[type[object], Recipe[Any, Painting]]) -> None:
        self._family = family
        self._recipes = recipes

    def steps(self, task: tasks.Task) -> int:
        return len(self._recipe(task).plan(task))

    def prepare(self, task: tasks.Task, media: tasks.Media) -> list[engine.Unit]:
        self._family.require(task.kind, files.needs(task))
        return [one.unit() for one in self._recipe(task).begin(task, media)]

    def advance(self, units: Sequence[engine.Unit]) -> list[engine.Unit]:
        paintings = [painting.of(unit) for unit in units]
        with self._family.predictor(paintings[0].state.next_step.variant) as network:
            states = sampler.advance([one.state for one in paintings], network)
        return [dataclasses.replace(one, state=state).unit() for one, state in zip(paintings, states, strict=True)]

    @torch.inference_mode()
    def finish(self, unit: engine.Unit) -> tasks.Picture:
        one = painting.of(unit)
        with self._family.shelf.lease(self._family.movq) as model:
            decoded = tiling.decode(model, one.state.latents.unsqueeze(0))[0]
        if not decoded.isfinite().all():
            raise errors.EngineFailed("the decoded picture has values that are not numbers")
        return pictures.finished(decoded, one)

    def previews(self, sheets: Sequence[Sequence[engine.Unit]]) -> list[bytes] | None:
        decoder = self._family.movq
        if not self._family.shelf.holds(decoder.name) and not self._family.shelf.has_room_for(decoder):
            return None
        with self._family.shelf.lease(decoder) as model:
            return previews.jpegs(model, [[_sketch(unit) for unit in units] for units in sheets])

    def batch_cap(self, unit: engine.Unit) -> int:
        size = painting.of(unit).size
        return LARGE_BATCH if size.canvas_width_px * size.canvas_height_px >= LARGE_AREA_PX else SMALL_BATCH

    def is_loaded(self, unit: engine.Unit) -> bool:
        state = painting.of(unit).state
        if state.done:
            return self._family.shelf.holds(self._family.movq.name)
        return self._family.is_loaded(state.next_step.variant)

    def _recipe(self, task: tasks.Task) -> Recipe[Any, Painting]:
        recipe = self._recipes.get(type(task))
        if recipe is None or getattr(task, "model", None) is tasks.Model.KANDINSKY_22:
            raise files.refuse_unknown(task.kind)
        return recipe


def _sketch(unit: engine.Unit) -> previews.Sketch:
    one: Painting = painting.of(unit)
    if one.state.estimate is None:
        raise errors.EngineFailed("a unit before its first step has nothing to show")
    return previews.Sketch(one.state.estimate, one.size)
