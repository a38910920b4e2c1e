"""The miniature world: coloured shapes on coloured backgrounds, as scenes that are drawn from a seed.

A scene is the ground truth that the renderer turns into pixels and the captions turn into words. It is
the counterpart of the image-text pairs of paper section 4, and the only data the miniature family sees.
"""

from dataclasses import dataclass

import numpy as np

# sRGB, chosen so that no two are closer than about 60 units: a picture can be judged by its nearest colour.
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (214, 36, 40),
    "orange": (246, 130, 26),
    "yellow": (250, 214, 40),
    "green": (44, 158, 66),
    "blue": (38, 84, 208),
    "purple": (126, 52, 172),
    "pink": (246, 140, 190),
    "brown": (122, 72, 36),
    "black": (20, 20, 22),
    "white": (248, 248, 248),
    "gray": (140, 140, 142),
}
SHAPES = ("circle", "square", "triangle", "star", "heart", "ring", "cross", "diamond")
SIZES = ("small", "medium", "big")
STYLES = ("flat", "outline", "watercolour", "mosaic")
# Fraction of the frame at which an object of that place is centred (x right, y down).
PLACES: dict[str, tuple[float, float]] = {
    "centre": (0.5, 0.5),
    "left": (0.25, 0.5),
    "right": (0.75, 0.5),
    "top": (0.5, 0.25),
    "bottom": (0.5, 0.75),
    "top left": (0.25, 0.25),
    "top right": (0.75, 0.25),
    "bottom left": (0.25, 0.75),
    "bottom right": (0.75, 0.75),
}
RELATIONS = ("and", "left of", "right of", "above", "below", "inside")

# Canvas (width, height) in pixels -> frame: the central part in which objects are composed. A wide picture is
# painted on the wide canvas and centre-cropped to its ratio (3:2, 16:9, 5:4), so objects stay clear of its rim.
CANVASES: dict[tuple[int, int], tuple[int, int]] = {
    (128, 128): (128, 128),
    (192, 128): (140, 96),
    (128, 192): (96, 140),
}
CANVAS_WEIGHTS = (0.76, 0.12, 0.12)
# Radius in pixels on a frame whose short side is 128: (alone, beside another object).
RADII = {"small": ((15, 17.5), (14, 16)), "medium": ((24, 28.5), (21, 24)), "big": ((37, 42), (26.5, 28.5))}
MARGIN_PX = 3


@dataclass(frozen=True, slots=True)
class Thing:
    """One object; centre and radius in canvas pixels. `place` is None when the caption must not name one."""

    shape: str
    colour: str
    size: str
    place: str | None
    cx: float
    cy: float
    radius: float


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture before it is drawn. `background_said` is False where the caption leaves the background out."""

    seed: int
    width: int
    height: int
    background: str
    background_said: bool
    style: str
    things: tuple[Thing, ...]
    relation: str | None


def default_background(colours: list[str]) -> str:
    """The background of a caption that names none: white, or blue where white would hide the object."""
    return "blue" if "white" in colours else "white"


def sample_scene(seed: int, canvas: tuple[int, int] | None = None) -> Scene:
    """Draw a scene: 65 % have one object, 80 % are flat (issue weights); everything else is balanced."""
    rng = np.random.default_rng(seed)
    sizes = list(CANVASES)
    width, height = canvas or sizes[rng.choice(len(sizes), p=CANVAS_WEIGHTS)]
    style = STYLES[rng.choice(4, p=(0.80, 0.07, 0.07, 0.06))]
    pair = rng.random() < 0.35
    background_said = rng.random() < 0.90
    names = list(COLOURS)
    first = names[rng.integers(len(names))]
    second = names[rng.integers(len(names))]
    relation = RELATIONS[rng.choice(6, p=(0.35, 0.14, 0.14, 0.13, 0.12, 0.12))] if pair else None
    if relation == "inside" and first == second:
        second = names[(names.index(first) + 1 + rng.integers(len(names) - 1)) % len(names)]
    taken = [first, second] if pair else [first]
    free = [name for name in names if name not in taken]
    background = free[rng.integers(len(free))] if background_said else default_background(taken)
    if background in taken:  # only an unsaid background can collide: then say it
        background, background_said = free[rng.integers(len(free))], True
    shapes = [SHAPES[rng.integers(8)], SHAPES[rng.integers(8)]]
    if pair:
        things = composed_pair(rng, width, height, relation, shapes, taken)
    else:
        things = (composed_single(rng, width, height, shapes[0], first),)
    return Scene(seed, width, height, background, background_said, style, things, relation)


def _frame(width: int, height: int) -> tuple[float, float, float, float, float]:
    """Left, top, width, height of the frame, and its scale relative to 128 px."""
    frame_w, frame_h = CANVASES[width, height]
    return (width - frame_w) / 2, (height - frame_h) / 2, frame_w, frame_h, min(frame_w, frame_h) / 128


def _clip(value: float, low: float, high: float) -> float:
    return (low + high) / 2 if low > high else min(max(value, low), high)


def _put(
    rng: np.random.Generator, canvas: tuple[int, int], at: tuple[float, float], radius: float, jitter: float
) -> tuple[float, float]:
    """Centre in canvas pixels for a fractional position, kept inside the frame."""
    left, top, frame_w, frame_h, scale = _frame(*canvas)
    pad = radius + MARGIN_PX
    dx, dy = rng.uniform(-jitter, jitter, 2) * scale
    x = _clip(left + at[0] * frame_w + dx, left + pad, left + frame_w - pad)
    y = _clip(top + at[1] * frame_h + dy, top + pad, top + frame_h - pad)
    return round(float(x), 2), round(float(y), 2)


def composed_single(rng: np.random.Generator, width: int, height: int, shape: str, colour: str) -> Thing:
    """One object of this shape and colour, its size and place drawn."""
    size = SIZES[rng.choice(3, p=(0.28, 0.44, 0.28))]
    low, high = RADII[size][0]
    radius = round(float(rng.uniform(low, high)) * _frame(width, height)[4], 2)
    place = list(PLACES)[rng.integers(len(PLACES))] if rng.random() < 0.6 else None
    # Unsaid place: near the middle, with more freedom than a said "centre".
    cx, cy = _put(rng, (width, height), PLACES[place or "centre"], radius, 3 if place else 9)
    return Thing(shape, colour, size, place, cx, cy, radius)


# The radius of what lies inside a shape, in radii of that shape: it must not touch the outline.
_ROOM = {
    "circle": 0.56, "square": 0.56, "ring": 0.43, "heart": 0.38,
    "diamond": 0.39, "triangle": 0.36, "star": 0.35, "cross": 0.31,
}  # fmt: skip
_SPOTS = {
    "and": ((0.25, 0.5), (0.75, 0.5)),
    "left of": ((0.25, 0.5), (0.75, 0.5)),
    "right of": ((0.75, 0.5), (0.25, 0.5)),
    "above": ((0.5, 0.25), (0.5, 0.75)),
    "below": ((0.5, 0.75), (0.5, 0.25)),
}


def composed_pair(
    rng: np.random.Generator, width: int, height: int, relation: str | None, shapes: list[str], colours: list[str]
) -> tuple[Thing, ...]:
    """Two objects in this relation, their sizes and exact places drawn."""
    scale = _frame(width, height)[4]
    if relation == "inside":
        # as large as the frame holds: an inner object of one latent cell could not be told from another
        outer = float(rng.uniform(51, 57)) * scale
        share = float(rng.uniform(0.9, 1.0)) * _ROOM[shapes[1]]
        cx, cy = _put(rng, (width, height), (0.5, 0.5), outer, 4)
        inner_y = cy + outer * {"triangle": 0.2, "heart": 0.06}.get(shapes[1], 0.0)
        return (
            Thing(shapes[0], colours[0], "medium", None, cx, round(inner_y, 2), round(outer * share, 2)),
            Thing(shapes[1], colours[1], "medium", None, cx, cy, round(outer, 2)),
        )
    things = []
    for shape, colour, spot in zip(shapes, colours, _SPOTS[relation or "and"], strict=True):
        size = SIZES[rng.choice(3, p=(0.2, 0.6, 0.2))]
        low, high = RADII[size][1]
        radius = round(float(rng.uniform(low, high)) * scale, 2)
        cx, cy = _put(rng, (width, height), spot, radius, 4)
        things.append(Thing(shape, colour, size, None, cx, cy, radius))
    return tuple(things)
