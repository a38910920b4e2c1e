"""The engines of one device: the painter with its recipes, and the engines that sample in their own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engines import checkpoints, devices, engine, residency, sizes, styles, tasks
from engines.kandinsky3 import (
    image_recipes,
    image_words,
    img2img,
    inpainting,
    outpaint,
    painter,
    style_transfer,
    text_to_image,
    upscale,
)
from engines.kandinsky3.family import Family
from engines.kandinsky3.painting import Painting
from engines.kandinsky3.words import Words
from engines.kandinsky22 import painter as kandinsky22
from engines.painting import Recipe

# Engines of their own, built when their first task comes: what they serve, and how they are made. The first that
# serves a task gets it; all other tasks are the painter's.
Own = tuple[Callable[[tasks.Task], bool], Callable[[Family, sizes.Profile], engine.Engine]]
_OWN: tuple[Own, ...] = ((kandinsky22.serves, kandinsky22.open_engine), (upscale.serves, upscale.make))


class Kandinsky3Station:
    """Components and engines of the family on one device. Raises CheckpointMissing when a file is not there."""

    def __init__(
        self,
        layout: checkpoints.Layout,
        device: devices.TorchDevice,
        profile: sizes.Profile,
        encoder_bits: int | None = None,
    ) -> None:
        self._profile = profile
        self._family = Family(layout, device, encoder_bits)
        self._painter = painter.Kandinsky3Engine(self._family, _recipes(self._family, profile))
        self._own: dict[int, engine.Engine] = {}

    def engine(self, task: tasks.Task) -> engine.Engine:
        for number, (serves, make) in enumerate(_OWN):
            if serves(task):
                if number not in self._own:
                    self._own[number] = make(self._family, self._profile)
                return self._own[number]
        return self._painter

    def warm(self) -> bool:
        shelf = self._family.shelf
        for component in self._family.core:
            if not shelf.holds(component.name) and shelf.has_room_for(component):
                with shelf.lease(component):
                    return True
        return False

    def residents(self) -> tuple[residency.Resident, ...]:
        return self._family.shelf.residents()

    def release(self) -> int:
        return self._family.shelf.release()


def _recipes(family: Family, profile: sizes.Profile) -> Mapping[type[object], Recipe[Any, Painting]]:
    words = Words(family, styles.STYLES[profile])
    repainting = inpainting.Repainting(family, words, profile)
    shown = image_words.ImageWords(family, words, image_words.MANNERS[profile])
    image_prompted = image_recipes.ImagePrompted(family, shown, profile)
    return {
        tasks.TextToImage: text_to_image.TextToImage(family, words, profile),
        tasks.ImageToImage: img2img.ImageToImage(family, words, profile),
        tasks.Inpaint: inpainting.Inpaint(repainting),
        tasks.Outpaint: outpaint.Outpaint(repainting, profile),
        tasks.ImageVariation: image_prompted,
        tasks.ImageFusion: image_prompted,
        tasks.ImageTextFusion: image_prompted,
        tasks.StyleTransfer: style_transfer.StyleTransfer(family, words, shown, profile),
    }
