"""Large drawings of the world's scenes, for super-resolution: the same picture with two or four times the pixels."""

import dataclasses

import numpy as np
from PIL import Image

from training import renderer, world


def enlarged(scene: world.Scene, factor: int) -> world.Scene:
    """The scene on a canvas `factor` times as large."""
    things = tuple(
        dataclasses.replace(thing, cx=thing.cx * factor, cy=thing.cy * factor, radius=thing.radius * factor)
        for thing in scene.things
    )
    return dataclasses.replace(scene, width=scene.width * factor, height=scene.height * factor, things=things)


def render(scene: world.Scene, factor: int) -> np.ndarray:
    """The large picture, uint8 [factor * height, factor * width, 3]; tiles of a mosaic grow with it."""
    large = enlarged(scene, factor)
    if scene.style != "mosaic":
        return renderer.render(large)
    plain = renderer.render(dataclasses.replace(large, style="flat"))
    rng = np.random.default_rng((scene.seed, 2))
    tile, grout = renderer.TILE_PX * factor, renderer.GROUT_PX * factor
    shade = rng.uniform(-16, 16, (-(-large.height // tile), -(-large.width // tile), 1))
    rows, columns = np.arange(large.height), np.arange(large.width)
    tiled = plain + shade[rows // tile][:, columns // tile]
    on_grout = ((rows % tile < grout)[:, None] | (columns % tile < grout)[None])[..., None]
    return np.clip(np.rint(np.where(on_grout, tiled * 0.45 + 95 * 0.55, tiled)), 0, 255).astype(np.uint8)


def reduced(picture: np.ndarray, factor: int) -> np.ndarray:
    """The small picture: bicubic with antialiasing, as image programs reduce."""
    height, width, _ = picture.shape
    return np.asarray(Image.fromarray(picture).resize((width // factor, height // factor), Image.Resampling.BICUBIC))
