"""Scenes to pixels: antialiased shapes in four drawing styles (flat, outline, watercolour, mosaic)."""

import math

import numpy as np
from PIL import Image, ImageDraw

from training import world

SUPERSAMPLING = 4
TILE_PX = 8  # one mosaic tile is one MoVQ latent cell
GROUT_PX = 1

Polygon = list[tuple[float, float]]


def _regular(count: int, radius: float, start: float = -math.pi / 2) -> Polygon:
    return [
        (radius * math.cos(start + 2 * math.pi * i / count), radius * math.sin(start + 2 * math.pi * i / count))
        for i in range(count)
    ]


def outlines(shape: str) -> list[Polygon]:
    """Closed polygons of a shape of radius 1 around (0, 0), y down; a second polygon is a hole."""
    if shape == "circle":
        return [_regular(72, 1.0)]
    if shape == "ring":
        return [_regular(72, 1.0), _regular(72, 0.58)]
    if shape == "square":
        return [[(-0.86, -0.86), (0.86, -0.86), (0.86, 0.86), (-0.86, 0.86)]]
    if shape == "triangle":
        return [[(0.0, -0.98), (1.0, 0.82), (-1.0, 0.82)]]
    if shape == "diamond":
        return [[(0.0, -1.05), (0.78, 0.0), (0.0, 1.05), (-0.78, 0.0)]]
    if shape == "cross":
        a, b = 0.32, 0.98
        corners = [(-a, -b), (a, -b), (a, -a), (b, -a), (b, a), (a, a)]
        return [corners + [(-x, -y) for x, y in corners]]
    if shape == "star":
        outer, inner = _regular(5, 1.05), _regular(5, 0.45, -math.pi / 2 + math.pi / 5)
        return [[(x, y + 0.06) for pair in zip(outer, inner, strict=True) for x, y in pair]]
    if shape == "heart":
        angles = [2 * math.pi * i / 90 for i in range(90)]
        return [
            [
                (
                    math.sin(a) ** 3,
                    -(13 * math.cos(a) - 5 * math.cos(2 * a) - 2 * math.cos(3 * a) - math.cos(4 * a)) / 16.5,
                )
                for a in angles
            ]
        ]
    raise ValueError(f"no such shape: {shape}")


def coverage(scene: world.Scene, thing: world.Thing, outline_only: bool = False) -> np.ndarray:
    """How much of each pixel a thing covers: float32 [height, width] in [0, 1]."""
    k = SUPERSAMPLING
    mask = Image.new("L", (scene.width * k, scene.height * k))
    draw = ImageDraw.Draw(mask)
    for hole, polygon in enumerate(outlines(thing.shape)):
        points = [((thing.cx + x * thing.radius) * k, (thing.cy + y * thing.radius) * k) for x, y in polygon]
        if outline_only:
            width = round(max(2.4, 0.17 * thing.radius) * k)
            draw.line([*points, *points[:2]], fill=255, width=width, joint="curve")
        else:
            draw.polygon(points, fill=0 if hole else 255)
    return np.asarray(mask.reduce(k), dtype=np.float32) / 255


def _cloud(rng: np.random.Generator, width: int, height: int, cells: int) -> np.ndarray:
    """Smooth noise: float32 [height, width], roughly in [-1, 1]."""
    rows = max(2, round(cells * height / 128))
    columns = max(2, round(cells * width / 128))
    grid = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
    return np.asarray(Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC))


def _paint(rng: np.random.Generator, name: str) -> np.ndarray:
    """A colour with the small variation that real pigment has, float32 [3] in 0..255."""
    return np.clip(np.asarray(world.COLOURS[name], np.float32) + rng.uniform(-5, 5, 3).astype(np.float32), 0, 255)


def _watercolour(mask: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Frayed coverage and brightness of a wash: pigment gathers at the rim, as on wet paper."""
    height, width = mask.shape
    blurred = np.asarray(
        Image.fromarray(mask)
        .resize((width // 4, height // 4), Image.Resampling.BOX)
        .resize((width, height), Image.Resampling.BICUBIC)
    )
    frayed = np.clip((blurred + 0.16 * _cloud(rng, width, height, 20) - 0.5) * 4 + 0.5, 0, 1)
    rim = frayed * np.clip(1.2 - blurred, 0, 1)
    return frayed * 0.94, 1.05 - 0.28 * rim + 0.08 * _cloud(rng, width, height, 6)


def render(scene: world.Scene) -> np.ndarray:
    """Draw a scene: uint8 [height, width, 3], sRGB. The same scene gives the same bytes."""
    rng = np.random.default_rng((scene.seed, 1))
    height, width = scene.height, scene.width
    picture: np.ndarray = np.empty((height, width, 3), np.float32)
    picture[:] = _paint(rng, scene.background)
    if scene.style == "watercolour":
        wash = 0.06 + 0.06 * _cloud(rng, width, height, 4)[..., None]
        picture = picture * (1 - wash) + 255 * wash
    # Of "A inside B", A is the first thing and lies on top.
    for thing in sorted(scene.things, key=lambda t: -t.radius) if scene.relation == "inside" else scene.things:
        paint = _paint(rng, thing.colour)
        mask = coverage(scene, thing, outline_only=scene.style == "outline")
        layer = np.broadcast_to(paint, picture.shape)
        if scene.style == "watercolour":
            mask, brightness = _watercolour(mask, rng)
            layer = layer * brightness[..., None]
        picture = picture * (1 - mask[..., None]) + layer * mask[..., None]
    if scene.style == "mosaic":
        picture = _mosaic(picture, rng)
    drawn: np.ndarray = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    return drawn


def _mosaic(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Square tesserae, each a little lighter or darker, with grey grout; tiles are cut along the shapes."""
    height, width, _ = picture.shape
    shade = rng.uniform(-16, 16, (-(-height // TILE_PX), -(-width // TILE_PX))).astype(np.float32)
    shade = shade.repeat(TILE_PX, 0).repeat(TILE_PX, 1)[:height, :width, None]
    tiled = picture + shade
    grout = np.zeros((height, width, 1), np.float32)
    for offset in range(GROUT_PX):
        grout[offset::TILE_PX] = 1
        grout[:, offset::TILE_PX] = 1
    grouted: np.ndarray = tiled * (1 - 0.55 * grout) + 95 * 0.55 * grout
    return grouted
