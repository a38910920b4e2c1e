"""The plan names what the engines lease: every kind painted by a tiny family whose shelf writes down its leases."""

from __future__ import annotations

import contextlib
import io
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from PIL import Image

from engines import checkpoints, devices, memory_plan, residency, sizes, tasks
from engines.kandinsky3 import station
from tests import tiny_control, tiny_kandinsky22, tiny_weights

T = TypeVar("T")
MINI, BIG = sizes.Profile.MINI, sizes.Profile.KANDINSKY3
FLASH, OLDER = tasks.Model.KANDINSKY_3_FLASH, tasks.Model.KANDINSKY_22

# The plan's names of the engines' components
PLANNED: Mapping[str, str] = {
    "base projection": "projection",
    "image prompt projection": "image projection",
    "kandinsky3 u-net": "base u-net",
    "kandinsky3_flash u-net": "flash u-net",
    "kandinsky3_inpainting u-net": "inpainting u-net",
    "kandinsky3_ip u-net": "image-prompted u-net",
    "edge detector": "hed",
    "depth network": "side network",
    "scribble network": "side network",
    "kandi_super_res_x2_flash": "super-resolution",
    "kandi_super_res_x4": "super-resolution",
    "kandinsky22_prior/text_encoder": "2.2 text encoder",
    "kandinsky22_prior/image_encoder": "2.2 image encoder",
    "kandinsky22_prior/prior": "2.2 prior",
    "kandinsky22_decoder/unet": "2.2 decoder",
    "kandinsky22_decoder_inpaint/unet": "2.2 inpainting decoder",
    "kandinsky22_controlnet_depth/unet": "2.2 depth decoder",
    "kandinsky22_decoder/movq": "2.2 movq",
}


class Book(residency.Shelf):
    """A shelf that writes down, at every lease, the names of all that is leased then."""

    def __init__(self) -> None:
        super().__init__(10**12)
        self.written: list[tuple[str, ...]] = []
        self._open: tuple[str, ...] = ()

    @contextlib.contextmanager
    def lease(self, component: residency.Component[T]) -> Iterator[T]:
        before = self._open
        self._open = (*before, PLANNED.get(component.name, component.name))
        self.written.append(self._open)
        try:
            with super().lease(component) as value:
                yield value
        finally:
            self._open = before

    def read(self) -> tuple[tuple[str, ...], ...]:
        """The stages since the last reading: a step like the one before counts once, a lease and one inside it too."""
        stages: list[tuple[str, ...]] = []
        for names in self.written:
            if stages and (names == stages[-1] or names[:-1] == stages[-1]):
                stages.pop()
            elif stages and names == stages[-1][: len(names)]:
                continue
            stages.append(names)
        self.written.clear()
        return tuple(stages)


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


RANDOM = np.random.default_rng(5)
MARKED = np.zeros((64, 64), np.uint8)
MARKED[16:48, 16:48] = 255
PHOTOS = {name: png(RANDOM.integers(0, 256, (64, 64, 3), np.uint8)) for name in ("one", "two", "three", "four")}
MEDIA = PHOTOS | {"mask": png(MARKED)}
Asked = Callable[[str, str, str], tasks.Task]  # of words and two pictures


def style(control: str, *, with_image: bool = False, **changes: object) -> Asked:
    return lambda words, image, other: tasks.StyleTransfer(
        prompt=words, image=image, control=control, style_image=other if with_image else None, **COMMON, **changes
    )


def shown(image: str, other: str) -> list[dict[str, object]]:
    return [{"image": image, "weight": 0.5}, {"image": other, "weight": 0.5}]


COMMON: dict[str, object] = {"seed": 3, "steps": 2}
ASKED: Mapping[str, Sequence[Asked]] = {
    "text_to_image": [lambda words, *_: tasks.TextToImage(prompt=words, **COMMON)],
    "text_to_image, Flash": [lambda words, *_: tasks.TextToImage(prompt=words, model=FLASH, **COMMON)],
    "text_to_image, refined": [lambda words, *_: tasks.TextToImage(prompt=words, refine=True, **COMMON)],
    "text_to_image, 2.2": [lambda words, *_: tasks.TextToImage(prompt=words, model=OLDER, **COMMON)],
    "img2img": [lambda words, one, _: tasks.ImageToImage(prompt=words, image=one, strength=0.9, **COMMON)],
    "img2img, 2.2": [
        lambda words, one, _: tasks.ImageToImage(prompt=words, image=one, strength=0.9, model=OLDER, **COMMON)
    ],
    "inpaint, outpaint": [
        lambda words, one, _: tasks.Inpaint(prompt=words, image=one, mask="mask", **COMMON),
        lambda words, one, _: tasks.Outpaint(prompt=words, image=one, zoom_out=2.0, **COMMON),
    ],
    "inpaint, 2.2": [lambda words, one, _: tasks.Inpaint(prompt=words, image=one, mask="mask", model=OLDER, **COMMON)],
    "image_variation, image_fusion": [
        lambda _, one, __: tasks.ImageVariation(image=one, **COMMON),
        lambda _, one, other: tasks.ImageFusion(images=shown(one, other), **COMMON),
    ],
    "image_text_fusion": [
        lambda words, one, other: tasks.ImageTextFusion(prompt=words, images=shown(one, other), **COMMON)
    ],
    "image_variation, image_fusion, 2.2": [
        lambda _, one, __: tasks.ImageVariation(image=one, model=OLDER, **COMMON),
        lambda _, one, other: tasks.ImageFusion(images=shown(one, other), model=OLDER, **COMMON),
    ],
    "image_text_fusion, 2.2": [
        lambda words, one, other: tasks.ImageTextFusion(prompt=words, images=shown(one, other), model=OLDER, **COMMON)
    ],
    "style_transfer, edges": [style("edges")],
    "style_transfer, depth": [style("depth")],
    "style_transfer, scribble": [style("scribble")],
    "style_transfer, edges and image": [style("edges", with_image=True)],
    "style_transfer, depth and image": [style("depth", with_image=True)],
    "style_transfer, scribble and image": [style("scribble", with_image=True)],
    "style_transfer, 2.2 depth": [style("depth", model=OLDER)],
    "upscale x2": [lambda _, one, __: tasks.Upscale(image=one, seed=3)],
    "upscale x4": [lambda _, one, __: tasks.Upscale(image=one, factor=4, seed=3)],
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny family of every component, in the files that the official one has. Read only."""
    root = tmp_path_factory.mktemp("every")
    tiny_weights.write(root)
    tiny_weights.write_inpainting(root)
    tiny_weights.write_super_resolution(root)
    tiny_weights.write_image_prompt(root, complete=True)
    tiny_control.write(root)
    encoder = root / "flan_ul2_encoder"
    (encoder / "projection_edges.safetensors").write_bytes((encoder / "projection.safetensors").read_bytes())
    tiny_kandinsky22.write(root)
    return root


def leased(weights: Path, asked: Asked, profile: sizes.Profile) -> list[tuple[tuple[str, ...], ...]]:
    """The stages of two tasks, one after the other, with words and pictures of their own."""
    running = station.Kandinsky3Station(checkpoints.Layout.at(weights), devices.CPU(1), profile)
    book = running._family.shelf = Book()
    read = []
    for task in (asked("a star", "one", "two"), asked("a ring", "three", "four")):
        engine = running.engine(task)
        (unit,) = engine.prepare(task, MEDIA)
        while not unit.sampled:
            (unit,) = engine.advance([unit])
        engine.finish(unit)
        read.append(book.read())
    return read


@pytest.mark.parametrize(("kind", "asked"), [(kind, asked) for kind, every in ASKED.items() for asked in every])
def test_a_kind_leases_what_the_plan_says_in_its_order(weights: Path, kind: str, asked: Asked) -> None:
    profile = BIG if kind == "upscale x2" else MINI  # only the big family refines
    assert leased(weights, asked, profile) == [memory_plan.KINDS[kind], memory_plan.later(kind)]


def test_every_row_of_the_plan_is_painted_here() -> None:
    assert ASKED.keys() == memory_plan.KINDS.keys()


def test_every_kind_has_a_row() -> None:
    kinds = {asked("a star", "one", "two").kind for every in ASKED.values() for asked in every}
    annotated = typing.get_args(tasks.Task)
    assert kinds == {task.model_fields["kind"].default for task in typing.get_args(annotated[0]) or annotated}
