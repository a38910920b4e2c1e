"""Upscale: KandiSuperRes in its own loop over pixels, and the refine pass of Flash over latents.

Source: ai-forever/KandiSuperRes `sr_pipeline.py`.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence

import torch
from PIL import Image
from torch.nn import functional

from engines import checkpoints, engine, errors, residency, sizes, tasks, unheard
from engines import media as media_files
from engines.kandinsky3 import files, fork_text, movq, pictures, previews, text, tiling, unet
from engines.kandinsky3 import sampler as latent_sampler
from engines.kandinsky3.family import Family
from engines.kandinsky3.super_resolution import enlargement, network, refine, sampler
from engines.kandinsky3.super_resolution.enlargement import Enlargement, Method
from engines.kandinsky3.words import Words

RESULT_LIMIT_PX = 8192 * 4096  # a PNG of so many pixels is about what a chat takes as a file (50 MB)
MOST_AT_ONCE = 4
# Context of the refine pass, `context` float [1, n, context_dim] and `context_mask` [1, n]: the two tensors that lie in
# KandiSuperRes' repository, in one file. Of 128 rows one is said, the others are alike and not zero; without the file
# such a context is made of the empty prompt, in the fork's padding and through the projection of Flash.
CONTEXT = "kandi_super_res_context"


class UpscaleEngine:
    """`engine.Engine` for `tasks.Upscale`; without `refining` it leaves out the refine pass."""

    def __init__(self, family: Family, refining: bool) -> None:
        self._family = family
        self._refining = refining
        self._words = Words(family, ())
        self._networks: dict[str, residency.Component[network.Network]] = {}
        self._context: unet.Context | None = None

    def steps(self, task: tasks.Task) -> int:
        wanted = _upscale(task)
        method = self._method(wanted)
        return len(method.plan()) + self._refines(wanted, method)

    def prepare(self, task: tasks.Task, media: tasks.Media) -> list[engine.Unit]:
        wanted = _upscale(task)
        method = self._method(wanted)
        image = media_files.decode(wanted.image, media, pixel_limit=RESULT_LIMIT_PX // method.factor**2)
        context = self._told() if self._refines(wanted, method) else None
        return [enlargement.begin(image, method, wanted.seed, context, self._family.device).unit()]

    @torch.inference_mode()
    def advance(self, units: Sequence[engine.Unit]) -> list[engine.Unit]:
        ones = [enlargement.of(unit) for unit in units]
        if ones[0].stage is tasks.Stage.REFINING:
            return [self._refined(one).unit() for one in ones]
        with self._family.shelf.lease(self._network(ones[0].method)) as enlarging:
            states = sampler.advance([one.state for one in ones], enlarging)
        return [dataclasses.replace(one, state=state).unit() for one, state in zip(ones, states, strict=True)]

    @torch.inference_mode()
    def finish(self, unit: engine.Unit) -> tasks.Picture:
        one = enlargement.of(unit)
        canvas = one.state.pixels
        if one.refined is not None:
            with self._family.shelf.lease(self._family.movq) as model:
                canvas = tiling.decode(model, one.refined.unsqueeze(0))[0]
        result = one.cut(canvas)
        if not result.isfinite().all():
            raise errors.EngineFailed("the enlarged picture has values that are not numbers")
        png = pictures.png(pictures.eight_bit(result).cpu().numpy())
        return tasks.Picture(png, one.width_px, one.height_px, one.seed)

    def previews(self, sheets: Sequence[Sequence[engine.Unit]]) -> list[bytes] | None:
        return [_jpeg(enlargement.of(unit)) for (unit,) in sheets]

    def batch_cap(self, unit: engine.Unit) -> int:
        one = enlargement.of(unit)
        if one.stage is tasks.Stage.REFINING:
            return 1
        height, width = one.canvas_px
        return max(1, min(MOST_AT_ONCE, sampler.PASS_PX // (height * width)))

    def is_loaded(self, unit: engine.Unit) -> bool:
        one, shelf = enlargement.of(unit), self._family.shelf
        if one.stage is tasks.Stage.SAMPLING:
            return shelf.holds(self._network(one.method).name)
        if one.context is None:
            return True
        decodes = shelf.holds(self._family.movq.name)
        if one.stage is tasks.Stage.DECODING:
            return decodes
        return decodes and self._family.is_loaded(latent_sampler.Variant.FLASH)

    def _refined(self, one: Enlargement) -> Enlargement:
        """The enlargement after its refine pass."""
        if one.context is None:
            raise errors.EngineFailed("this picture is not to be refined")
        with self._family.shelf.lease(self._family.movq) as model:
            latents = _encoded(model, one)
        with self._family.predictor(latent_sampler.Variant.FLASH) as flash:
            refined = refine.refined(flash, latents, one.context, one.state.noise, one.state.draws)
        return dataclasses.replace(one, refined=refined)

    def _method(self, task: tasks.Upscale) -> Method:
        """The method for a factor. Raises CheckpointMissing."""
        possible = enlargement.METHODS[task.factor]
        for method in possible:
            if files.is_there(self._family.layout, method.stem):
                return method
        raise checkpoints.missing(task.kind, [possible[0].stem], self._family.layout.root)

    def _refines(self, task: tasks.Upscale, method: Method) -> bool:
        return self._refining and task.refine and method.refines

    def _network(self, method: Method) -> residency.Component[network.Network]:
        if method.stem not in self._networks:
            path = self._family.layout.find(method.stem)
            # float16, as published: bfloat16 would round the pixels that the network predicts to 8 bits and worse
            dtype = torch.float32 if self._family.device.type == "cpu" else torch.float16
            self._networks[method.stem] = self._family.component(method.stem, network.load, path, dtype)
        return self._networks[method.stem]

    def _told(self) -> unet.Context:
        """What the refine pass hears. Raises CheckpointError."""
        if self._context is None:
            self._context = self._read() or self._empty()
        return self._context

    def _empty(self) -> unet.Context:
        hidden = self._words.hidden(self._words.ids(""))
        with self._family.shelf.lease(self._family.projection(latent_sampler.Variant.FLASH)) as projection:
            return fork_text.said(hidden, projection, text.TOKENS)

    def _read(self) -> unet.Context | None:
        if not files.is_there(self._family.layout, CONTEXT):
            return None
        path = self._family.layout.find(CONTEXT)
        tensors = checkpoints.read(path).tensors
        if "context" not in tensors or "context_mask" not in tensors:
            raise errors.CheckpointInvalid(f"{path.name} does not fit: it needs context and context_mask")
        rows = tensors["context"].float().flatten(end_dim=-2)
        return unet.Context(rows, tensors["context_mask"].flatten().bool())


def make(family: Family, profile: sizes.Profile) -> UpscaleEngine:
    """The engine on a device."""
    return UpscaleEngine(family, profile in unheard.REFINING)


def serves(task: tasks.Task) -> bool:
    """Whether a task is for this engine."""
    return isinstance(task, tasks.Upscale)


def _upscale(task: tasks.Task) -> tasks.Upscale:
    if not isinstance(task, tasks.Upscale):
        raise files.refuse_unknown(task.kind)
    return task


def _encoded(model: movq.MoVQ, one: Enlargement) -> torch.Tensor:
    """Latents [4, h/8, w/8] of the canvas."""
    return tiling.encode(model, one.state.pixels.unsqueeze(0))[0]


def _jpeg(one: Enlargement) -> bytes:
    """The estimate of the last step, averaged down to the size of a preview."""
    if one.state.estimate is None:
        raise errors.EngineFailed("a unit before its first step has nothing to show")
    scale = min(1.0, previews.SIDE * movq.FACTOR / max(one.height_px, one.width_px))
    size = (max(1, round(one.height_px * scale)), max(1, round(one.width_px * scale)))
    small = functional.interpolate(one.cut(one.state.estimate).unsqueeze(0), size, mode="area")[0]
    file = io.BytesIO()
    Image.fromarray(pictures.eight_bit(small).cpu().numpy()).save(file, format="JPEG", quality=previews.QUALITY)
    return file.getvalue()
