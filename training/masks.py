"""Masks of inpainting (paper section 5.3): rectangles, circles, strokes and free forms, up to three in a picture."""

import math

import numpy as np
from PIL import Image, ImageDraw

from training import world

FORMS = ("rectangle", "circle", "stroke", "free")
MOST = 3
Point = tuple[float, float]


def form(rng: np.random.Generator, draw: ImageDraw.ImageDraw, kind: str, at: Point, reach_px: float) -> None:
    """Draw one form that holds the disc of `reach_px` around `at`; a stroke covers it by going to and fro."""
    x, y = at
    if kind in ("rectangle", "circle"):
        grow = 1.0 if kind == "rectangle" else 1.1
        sides = reach_px * grow * rng.uniform(1.0, 1.35, 4)
        box = (x - sides[0], y - sides[1], x + sides[2], y + sides[3])
        draw.rectangle(box, fill=255) if kind == "rectangle" else draw.ellipse(box, fill=255)
    elif kind == "stroke":
        turn = rng.uniform(0, math.pi)
        along, across = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])
        lanes = rng.integers(3, 5)
        width = 2.2 * reach_px / lanes * rng.uniform(1.1, 1.3)
        points = []
        for lane in range(lanes):
            side = (lane / (lanes - 1) * 2 - 1) * 0.8 * reach_px
            ends = (-1.1, 1.1) if lane % 2 else (1.1, -1.1)
            points += [tuple(np.array(at) + end * reach_px * along + side * across) for end in ends]
        draw.line(points, fill=255, width=round(width), joint="curve")
    elif kind == "free":
        waves = rng.uniform(-0.09, 0.09, (4, 2))
        points = []
        for i in range(48):
            angle = 2 * math.pi * i / 48
            swing = sum(a * math.cos((k + 2) * angle) + b * math.sin((k + 2) * angle) for k, (a, b) in enumerate(waves))
            radius = reach_px * (1.25 + swing)
            points.append((x + radius * math.cos(angle), y + radius * math.sin(angle)))
        draw.polygon(points, fill=255)
    else:
        raise ValueError(f"no such form: {kind}")


def draw(rng: np.random.Generator, scene: world.Scene, covering: float, surrounding: float) -> np.ndarray:
    """A mask bool [height, width], True where the picture is to be painted anew.

    A share `covering` of masks lies over objects, whole; a share `surrounding` leaves a window; the rest lie anywhere.
    """
    canvas = Image.new("L", (scene.width, scene.height))
    pen = ImageDraw.Draw(canvas)
    side = min(scene.width, scene.height)
    chance = rng.random()
    if chance < surrounding:
        return _window(rng, scene)
    count = int(rng.integers(1, MOST + 1))
    if chance < surrounding + covering:
        chosen = [scene.things[i] for i in rng.permutation(len(scene.things))[:count]]
        for thing in chosen:
            shift = rng.uniform(-0.1, 0.1, 2) * thing.radius
            at = (thing.cx + shift[0], thing.cy + shift[1])
            form(rng, pen, FORMS[rng.integers(len(FORMS))], at, thing.radius * rng.uniform(1.15, 1.4) + 3)
    else:
        for _ in range(count):
            at = (rng.uniform(0, scene.width), rng.uniform(0, scene.height))
            form(rng, pen, FORMS[rng.integers(len(FORMS))], at, side * rng.uniform(0.07, 0.26))
    return np.asarray(canvas) > 0


def _window(rng: np.random.Generator, scene: world.Scene) -> np.ndarray:
    """Everything but a rectangle of 40 to 85 % of each side."""
    mask = np.ones((scene.height, scene.width), bool)
    width, height = (int(side * rng.uniform(0.4, 0.85)) for side in (scene.width, scene.height))
    left, top = int(rng.integers(scene.width - width + 1)), int(rng.integers(scene.height - height + 1))
    mask[top : top + height, left : left + width] = False
    return mask
