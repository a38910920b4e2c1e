"""What control networks are made of: files, components, and how a network is joined from them.

An image prompt rides on any of them: the hint U-Net was fine-tuned from the base for which the image prompt was
trained, a side network leaves the base as it is, and the image's keys, values and output layers are weights beside the
text's. So the form comes from the hint and the style from the image.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from engines import checkpoints, residency, tasks
from engines.kandinsky3 import files, hed, image_prompt, unet
from engines.kandinsky3.control import hint_network, side_network
from engines.kandinsky3.sampler import Variant

if TYPE_CHECKING:
    from engines.kandinsky3.family import Family

HINT_UNET, DETECTOR = files.EDGES
SIDES = {
    Variant.DEPTH: files.CONTROLS[tasks.Control.DEPTH][0],
    Variant.SCRIBBLE: files.CONTROLS[tasks.Control.SCRIBBLE][0],
}
WITH_IMAGE: Mapping[Variant, Variant] = {
    Variant.EDGES: Variant.EDGES_AND_IMAGE,
    Variant.DEPTH: Variant.DEPTH_AND_IMAGE,
    Variant.SCRIBBLE: Variant.SCRIBBLE_AND_IMAGE,
}
_BASE = "kandinsky3"

Made = tuple[tuple[residency.Component[Any], ...], Callable[..., unet.Predictor]]


def detector(family: Family) -> residency.Component[hed.HED]:
    """What finds edges. Raises CheckpointMissing."""
    return family.component("edge detector", hed.load, family.layout.find(DETECTOR), torch.float32)


def _edges(family: Family) -> Made:
    path, base = family.layout.find(HINT_UNET), family.layout.find(_BASE)

    def load(path: Path, device: torch.device, dtype: torch.dtype) -> hint_network.HintNetwork:
        return hint_network.load(path, base, device, dtype)

    # a file of what changed becomes as large as the base; the hint block is a four-thousandth of it
    size_bytes = max(checkpoints.loaded_bytes(file, family.dtype.itemsize) for file in (path, base))
    return (family.component("edges u-net", load, path, size_bytes=size_bytes),), _itself


def _side(variant: Variant) -> Callable[[Family], Made]:
    def made(family: Family) -> Made:
        side = family.component(f"{variant} network", side_network.load, family.layout.find(SIDES[variant]))
        return (*family.parts(Variant.BASE).components, side), side_network.SideNetwork

    return made


def _with_image(host_of: Callable[[Family], Made]) -> Callable[[Family], Made]:
    def made(family: Family) -> Made:
        components, join = host_of(family)

        def joined(*loaded: Any) -> unet.Predictor:
            host = join(*loaded[:-1])
            listening = host.base.unet if isinstance(host, side_network.SideNetwork) else None
            return image_prompt.Network(host, loaded[-1], listening)

        return (*components, family.image_adapter()), joined

    return made


def _itself(network: hint_network.HintNetwork) -> unet.Predictor:
    return network


_HOSTS: Mapping[Variant, Callable[[Family], Made]] = {
    Variant.EDGES: _edges,
    Variant.DEPTH: _side(Variant.DEPTH),
    Variant.SCRIBBLE: _side(Variant.SCRIBBLE),
}
PARTS: Mapping[Variant, Callable[[Family], Made]] = {
    **_HOSTS,
    **{WITH_IMAGE[variant]: _with_image(host) for variant, host in _HOSTS.items()},
}
