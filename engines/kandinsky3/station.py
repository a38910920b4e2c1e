"""The Kandinsky 3 family on one device: components loaded on first use, and the engines that share them."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from engines import checkpoints, devices, engine, errors, residency, sizes, styles, tasks
from engines.kandinsky3 import movq, sampler, text, text_to_image, unet

M = TypeVar("M", bound=nn.Module)

_FILES = {sampler.Variant.BASE: "kandinsky3", sampler.Variant.FLASH: "kandinsky3_flash"}
_PROJECTIONS = {sampler.Variant.BASE: "projection", sampler.Variant.FLASH: "projection_flash"}
# model libraries change global state while they build a model, so only one device builds at a time
_building = threading.Lock()


class Kandinsky3Station:
    """Components and engines of the family on one device. Raises CheckpointMissing when a file is not there."""

    def __init__(
        self,
        layout: checkpoints.Layout,
        device: devices.TorchDevice,
        ratios: Mapping[tasks.AspectRatio, sizes.Size],
        drawing_styles: Sequence[styles.Style],
    ) -> None:
        self._device = device
        self._where = device.torch_device
        # T5 and the networks were trained in float32; bfloat16 keeps their range, float16 does not
        self._dtype = torch.float32 if isinstance(device, devices.CPU) else torch.bfloat16
        self._shelf = residency.Shelf(device.budget_bytes, device.free_caches, parking_bytes=self._parking_bytes())
        self._family = self._find(layout)
        self._text_to_image = text_to_image.TextToImageEngine(
            self._family, self._shelf, self._where, ratios, drawing_styles
        )

    def engine(self, task: tasks.Task) -> engine.Engine:
        if isinstance(task, tasks.TextToImage):
            return self._text_to_image
        raise errors.InvalidTask(f"no engine of this profile serves {task.kind}")

    def warm(self) -> bool:
        family = self._family
        wanted: Iterable[residency.Component[Any]] = (
            family.encoder,
            *family.projections.values(),
            *family.networks.values(),
            family.movq,
        )
        for component in wanted:
            if not self._shelf.holds(component.name) and self._shelf.has_room_for(component):
                with self._shelf.lease(component):
                    return True
        return False

    def residents(self) -> tuple[residency.Resident, ...]:
        return self._shelf.residents()

    def release(self) -> int:
        return self._shelf.release()

    def _find(self, layout: checkpoints.Layout) -> text_to_image.Family:
        encoder = layout.encoder
        return text_to_image.Family(
            tokenizer=text.load_tokenizer(encoder),
            encoder=self._component("text encoder", text.load_encoder, encoder),
            movq=self._component("movq", movq.load, layout.find("movq")),
            networks={
                variant: self._component(f"{variant} u-net", unet.load, layout.find(stem))
                for variant, stem in _FILES.items()
            },
            projections={
                variant: self._component(
                    f"{variant} projection", text.load_projection, layout.find(f"{encoder.name}/{stem}"), torch.float32
                )
                for variant, stem in _PROJECTIONS.items()
            },
        )

    def _component(
        self,
        name: str,
        load: Callable[[Path, torch.device, torch.dtype], M],
        path: Path,
        dtype: torch.dtype | None = None,
    ) -> residency.Component[M]:
        dtype = dtype or self._dtype

        def build() -> M:
            with _building:
                return load(path, self._where, dtype)

        moves = self._where.type != "cpu"
        return residency.Component(
            name,
            checkpoints.loaded_bytes(path, dtype.itemsize),
            build,
            park=functools.partial(_move, torch.device("cpu")) if moves else None,
            unpark=functools.partial(_move, self._where) if moves else None,
        )

    def _parking_bytes(self) -> int:
        """A card may park what left it in half of the machine's free memory."""
        return 0 if isinstance(self._device, devices.CPU) else devices.free_machine_bytes() // 2


def _move(device: torch.device, module: nn.Module) -> None:
    module.to(device)
