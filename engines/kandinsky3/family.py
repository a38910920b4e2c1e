"""The components of the Kandinsky 3 family on one device: found when first asked for, loaded when first leased.

Text to image is looked for at once, so that a broken installation does not start; what other kinds need is missed only
when such a task comes. Components are shared: one text encoder, one MoVQ and one base U-Net serve every kind.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from engines import checkpoints, devices, memory_plan, residency
from engines.kandinsky3 import (
    files,
    fork_projection,
    four_bit,
    image_encoder,
    image_prompt,
    image_prompt_files,
    movq,
    text,
    unet,
)
from engines.kandinsky3.control import parts as control
from engines.kandinsky3.sampler import Variant

M = TypeVar("M", bound=nn.Module)

_ENCODER = checkpoints.ENCODER
_PROJECTIONS: Mapping[Variant, str] = {
    Variant.BASE: "projection",
    Variant.FLASH: "projection_flash",
    Variant.INPAINTING: "projection_inpainting",
    Variant.IMAGE_PROMPT: "projection_ip",
    Variant.EDGES: "projection_edges",
}
# Networks fine-tuned from the base: one without a projection of its own uses that of the base.
_ON_THE_BASE = (Variant.IMAGE_PROMPT, Variant.EDGES, Variant.DEPTH, Variant.SCRIBBLE)
# ... unless its file is a whole U-Net, as the fork's are: that has one inside, or beside the text encoder. With the
# file the kind that needs it.
_CARRIERS: Mapping[Variant, tuple[str, str]] = {
    Variant.IMAGE_PROMPT: (files.ADAPTER, "image_variation"),
    Variant.EDGES: (files.EDGES[0], "style_transfer"),
}
# model libraries change global state while they build a model, so only one device builds at a time
_building = threading.Lock()


@dataclass(frozen=True, slots=True)
class Parts:
    """What a network is made of, and how: `join` gets the loaded components in order. It must be cheap."""

    components: tuple[residency.Component[Any], ...]
    join: Callable[..., unet.Predictor]


class Family:
    """The family's components on one device, and the shelf that they lie on. Belongs to the device's thread.

    Raises CheckpointMissing when a file of text to image is not there.
    """

    def __init__(
        self, layout: checkpoints.Layout, device: devices.TorchDevice, encoder_bits: int | None = None
    ) -> None:
        self.layout = layout
        self.device = device.torch_device
        # T5 and the networks were trained in float32; bfloat16 keeps their range, float16 does not
        self.dtype = torch.float32 if isinstance(device, devices.CPU) else torch.bfloat16
        # a card may park what left it in half of the machine's free memory
        parking = 0 if isinstance(device, devices.CPU) else devices.free_machine_bytes() // 2
        self.shelf = residency.Shelf(device.budget_bytes, device.free_caches, parking_bytes=parking)
        self.tokenizer = text.load_tokenizer(layout.encoder)
        self.encoder = self._text_encoder(encoder_bits)
        self.movq = self.component("movq", movq.load, layout.find("movq"))
        self._parts: dict[Variant, Parts] = {}
        self._projections: dict[Variant, residency.Component[text.Projection]] = {}
        self._image_encoder: residency.Component[image_encoder.ImageEncoder] | None = None
        self._image_adapter: residency.Component[image_prompt.Adapter] | None = None
        self.core = self._core()

    def can(self, kind: str) -> bool:
        """Whether the files that every task of a kind needs are there."""
        return files.can(self.layout, kind)

    def require(self, kind: str, stems: Iterable[str]) -> None:
        """Raise CheckpointMissing, naming a kind, the files that it lacks and the command, unless all are there."""
        files.require(self.layout, kind, stems)

    def parts(self, variant: Variant) -> Parts:
        """What a network is made of. Raises CheckpointMissing."""
        if variant not in self._parts:
            self._parts[variant] = _PARTS[variant](self)
        return self._parts[variant]

    def projection(self, variant: Variant) -> residency.Component[text.Projection]:
        """The projection of the text that belongs to a network. Raises CheckpointMissing."""
        if variant not in self._projections:
            self._projections[variant] = self._projection(variant)
        return self._projections[variant]

    def image_encoder(self) -> residency.Component[image_encoder.ImageEncoder]:
        """What sees pictures. Raises CheckpointMissing."""
        if self._image_encoder is None:
            folder = self.layout.root / files.IMAGE_ENCODER
            # CLIP was trained in float16, and bfloat16 would take a digit from its embeddings
            dtype = torch.float32 if self.device.type == "cpu" else torch.float16
            self._image_encoder = self.component("image encoder", image_encoder.load, folder, dtype)
        return self._image_encoder

    def image_adapter(self) -> residency.Component[image_prompt.Adapter]:
        """What makes a U-Net's cross-attentions read pictures. Raises CheckpointMissing."""
        if self._image_adapter is None:
            path = self.layout.find(files.ADAPTER)
            size_bytes = image_prompt_files.adapter_bytes(path, self.dtype.itemsize)
            load = image_prompt_files.load_adapter
            self._image_adapter = self.component("image prompt", load, path, size_bytes=size_bytes)
        return self._image_adapter

    @contextlib.contextmanager
    def predictor(self, variant: Variant) -> Iterator[unet.Predictor]:
        """A network, loaded if it was not there, safe from eviction inside the block. Raises EngineError."""
        parts = self.parts(variant)
        with contextlib.ExitStack() as leases:
            yield parts.join(*[leases.enter_context(self.shelf.lease(one)) for one in parts.components])

    def is_loaded(self, variant: Variant) -> bool:
        """Whether a network can begin without loading weights."""
        return all(self.shelf.holds(component.name) for component in self.parts(variant).components)

    def component(
        self,
        name: str,
        load: Callable[[Path, torch.device, torch.dtype], M],
        path: Path,
        dtype: torch.dtype | None = None,
        size_bytes: int | None = None,
    ) -> residency.Component[M]:
        """A component of this device from a file or folder; `size_bytes` where it is not all of the file's weights."""
        dtype = dtype or self.dtype

        def build() -> M:
            with _building:
                return load(path, self.device, dtype)

        moves = self.device.type != "cpu"
        return residency.Component(
            name,
            checkpoints.loaded_bytes(path, dtype.itemsize) if size_bytes is None else size_bytes,
            build,
            park=functools.partial(_move, torch.device("cpu")) if moves else None,
            unpark=functools.partial(_move, self.device) if moves else None,
        )

    def _text_encoder(self, bits: int | None) -> residency.Component[text.TextEncoder]:
        """The text encoder, in four bits a number where that is wanted or the card does not hold more."""
        folder, item_bytes = self.layout.encoder, self.dtype.itemsize
        if bits is None and self.device.type != "cpu":
            whole = checkpoints.loaded_bytes(folder, item_bytes)
            bits = memory_plan.encoder_bits(self.shelf.budget_bytes, whole)
        if bits != 4:
            return self.component(memory_plan.ENCODER, text.load_encoder, folder)
        size_bytes = four_bit.loaded_bytes(folder, item_bytes)
        return self.component(memory_plan.ENCODER, four_bit.load_encoder, folder, size_bytes=size_bytes)

    def _core(self) -> tuple[residency.Component[Any], ...]:
        """What text to image needs, in the order in which it is worth loading ahead."""
        variants = (Variant.BASE, Variant.FLASH)
        projections = [self.projection(variant) for variant in variants]
        networks = [component for variant in variants for component in self.parts(variant).components]
        return (self.encoder, *projections, *networks, self.movq)

    def _projection(self, variant: Variant) -> residency.Component[text.Projection]:
        own = _PROJECTIONS.get(variant)
        stem = f"{_ENCODER}/{own}"
        if own is None or (variant in _ON_THE_BASE and not files.is_there(self.layout, stem)):
            return self._projection_inside(variant, stem) or self.projection(Variant.BASE)
        path = self.layout.find(stem)
        return self.component(f"{variant} projection", text.load_projection, path, torch.float32)

    def _projection_inside(self, variant: Variant, stem: str) -> residency.Component[text.Projection] | None:
        """The projection inside a whole U-Net of the fork; None for what only adds to the base.

        Raises CheckpointMissing for a whole U-Net that has none: `stem`, where it should be then, is lost.
        """
        if variant not in _CARRIERS:
            return None
        carrier, kind = _CARRIERS[variant]
        path = self.layout.find(carrier)
        if not unet.is_whole(checkpoints.read(path).tensors):
            return None
        if not fork_projection.is_inside(path):
            raise checkpoints.missing(kind, [stem], self.layout.root)
        size_bytes = fork_projection.size_bytes(path, torch.float32.itemsize)
        return self.component(f"{variant} projection", fork_projection.load, path, torch.float32, size_bytes)


def _whole(stem: str) -> Callable[[Family], Parts]:
    """The parts of a network that is one complete U-Net."""

    def parts(family: Family) -> Parts:
        component = family.component(f"{stem} u-net", unet.load, family.layout.find(stem))
        return Parts((component,), _itself)

    return parts


def _itself(network: unet.Network) -> unet.Predictor:
    return network


def _image_prompt(family: Family) -> Parts:
    """The extra part, on the U-Net that came with it or on the base."""
    path = family.layout.find(files.ADAPTER)
    adapter = family.image_adapter()
    if not image_prompt_files.is_complete(path):
        return Parts((*family.parts(Variant.BASE).components, adapter), image_prompt.Network)
    size_bytes = checkpoints.loaded_bytes(path, family.dtype.itemsize) - adapter.bytes
    host = family.component(f"{files.ADAPTER} u-net", image_prompt_files.load_host, path, size_bytes=size_bytes)
    return Parts((host, adapter), image_prompt.Network)


def _control(made: Callable[[Family], control.Made]) -> Callable[[Family], Parts]:
    return lambda family: Parts(*made(family))


_PARTS: Mapping[Variant, Callable[[Family], Parts]] = {
    Variant.BASE: _whole("kandinsky3"),
    Variant.FLASH: _whole("kandinsky3_flash"),
    Variant.INPAINTING: _whole("kandinsky3_inpainting"),
    Variant.IMAGE_PROMPT: _image_prompt,
    **{variant: _control(made) for variant, made in control.PARTS.items()},
}


def _move(device: torch.device, module: nn.Module) -> None:
    module.to(device)
