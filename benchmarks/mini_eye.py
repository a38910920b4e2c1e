"""What a picture of the miniature world shows, judged from pixels alone.

The analysis shares no code with the training renderer: it finds the background at the rim, the objects as what differs
from it, names colours by the nearest reference in CIE Lab, and names shapes by comparing the object's
silhouette, stretched to its bounding box, with silhouettes given here as inequalities.
"""

import math
from dataclasses import dataclass

import numpy as np

# Everyday sRGB of the eleven colour words.
REFERENCE = {
    "red": (210, 40, 40),
    "orange": (245, 130, 30),
    "yellow": (248, 215, 45),
    "green": (45, 155, 65),
    "blue": (40, 85, 205),
    "purple": (125, 55, 170),
    "pink": (245, 140, 190),
    "brown": (120, 72, 38),
    "black": (20, 20, 20),
    "white": (248, 248, 248),
    "gray": (140, 140, 140),
}
GRID = 48


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE Lab (D65) of sRGB values 0..255, last axis of size 3."""
    c = rgb / 255.0
    c = np.where(c > 0.04045, ((c + 0.055) / 1.055) ** 2.4, c / 12.92)
    m = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = c @ m.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


_NAMES = list(REFERENCE)
_LAB = lab(np.array([REFERENCE[name] for name in _NAMES], float))


def colour_name(rgb: np.ndarray) -> str:
    return _NAMES[int(np.argmin(((_LAB - lab(np.asarray(rgb, float))) ** 2).sum(1)))]


def silhouettes(cells: int) -> dict[str, np.ndarray]:
    """Shape -> bool [cells, cells] filling the unit box."""
    y, x = (np.mgrid[0:cells, 0:cells] + 0.5) / cells * 2 - 1
    r = np.hypot(x, y)
    inside: dict[str, np.ndarray] = {
        "circle": r <= 1,
        "ring": (r <= 1) & (r >= 0.58),
        "square": np.ones_like(r, bool),
        "diamond": np.abs(x) + np.abs(y) <= 1,
        "triangle": np.abs(x) <= (y + 1) / 2,
        "cross": (np.abs(x) <= 0.33) | (np.abs(y) <= 0.33),
    }
    # A five-pointed star in its own box: its centre lies below the middle of the box.
    sx, sy = x * math.sin(2 * math.pi / 5), y * 0.9045 - 0.0955
    radius, turn = np.hypot(sx, sy), np.arctan2(sx, -sy)
    phase = np.abs((turn + math.pi / 5) % (2 * math.pi / 5) - math.pi / 5)
    tip, dent = np.array([1.0, 0.0]), 0.43 * np.array([math.cos(math.pi / 5), math.sin(math.pi / 5)])
    px, py = radius * np.cos(phase), radius * np.sin(phase)
    inside["star"] = (dent[0] - tip[0]) * (py - tip[1]) - (dent[1] - tip[1]) * (px - tip[0]) >= 0
    # A heart: two discs over a point.
    lobes = (np.hypot(x - 0.5, (y + 0.48) * 1.0) <= 0.52) | (np.hypot(x + 0.5, y + 0.48) <= 0.52)
    inside["heart"] = lobes | ((np.abs(x) <= 1.0 - (y + 0.35) / 1.35) & (y > -0.35) & (np.abs(x) < 0.98))
    inside["heart"] |= (np.abs(x) + (y + 0.48) * 0.68 < 0.98) & (y > -0.48)
    return inside


SILHOUETTES = silhouettes(GRID)


@dataclass(frozen=True, slots=True)
class Found:
    colour: str
    shape: str
    x: float  # centre of the bounding box as a fraction of the width
    y: float
    size: float  # longer side of the bounding box over the shorter side of the picture


def _components(mask: np.ndarray) -> list[np.ndarray]:
    """Connected parts (8 neighbours) of at least 20 pixels, as bool masks, largest first."""
    labels = np.zeros(mask.shape, np.int32)
    parts, current = [], 0
    for start in zip(*np.nonzero(mask), strict=True):
        if labels[start]:
            continue
        current += 1
        stack, size = [start], 0
        labels[start] = current
        while stack:
            i, j = stack.pop()
            size += 1
            for a in range(max(0, i - 1), min(mask.shape[0], i + 2)):
                for b in range(max(0, j - 1), min(mask.shape[1], j + 2)):
                    if mask[a, b] and not labels[a, b]:
                        labels[a, b] = current
                        stack.append((a, b))
        if size >= 20:
            parts.append((size, current))
    return [labels == label for _, label in sorted(parts, reverse=True)]


def shape_name(mask: np.ndarray) -> str:
    """The silhouette with the greatest overlap (intersection over union)."""
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    take_y = ((np.arange(GRID) + 0.5) / GRID * box.shape[0]).astype(int)
    take_x = ((np.arange(GRID) + 0.5) / GRID * box.shape[1]).astype(int)
    fitted = box[take_y][:, take_x]
    return max(SILHOUETTES, key=lambda s: (fitted & SILHOUETTES[s]).sum() / (fitted | SILHOUETTES[s]).sum())


def _ground(picture: np.ndarray) -> np.ndarray:
    """The colour of the rim, sRGB [3]."""
    edges = (picture[:2], picture[-2:], picture[:, :2], picture[:, -2:])
    colour: np.ndarray = np.median(np.concatenate([edge.reshape(-1, 3) for edge in edges]), 0)
    return colour


def _differs(picture: np.ndarray, ground: np.ndarray) -> np.ndarray:
    differs: np.ndarray = np.sqrt(((lab(picture.astype(float)) - lab(ground)) ** 2).sum(-1)) > 14
    return differs


def foreground(picture: np.ndarray) -> np.ndarray:
    """Bool [h, w]: the pixels that differ from the background of a flat uint8 [H, W, 3] picture."""
    return _differs(picture, _ground(picture))


def _core(mask: np.ndarray) -> np.ndarray:
    """The mask without its outermost pixels, where colours mix; the mask itself where too little would be left."""
    inner = np.zeros_like(mask)
    inner[1:-1, 1:-1] = mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    return inner if inner.sum() > 12 else mask


def _describe(picture: np.ndarray, part: np.ndarray) -> Found:
    height, width, _ = picture.shape
    rows, columns = np.nonzero(part.any(1))[0], np.nonzero(part.any(0))[0]
    return Found(
        colour_name(np.median(picture[_core(part)], 0)),
        shape_name(part),
        (columns[0] + columns[-1] + 1) / 2 / width,
        (rows[0] + rows[-1] + 1) / 2 / height,
        max(columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1) / min(height, width),
    )


def look(picture: np.ndarray) -> tuple[str, list[Found]]:
    """Background colour and objects, largest first, of a flat uint8 [H, W, 3] picture."""
    ground = _ground(picture)
    return colour_name(ground), [_describe(picture, part) for part in _components(_differs(picture, ground))]


@dataclass(frozen=True, slots=True)
class Nested:
    """An object that lies in another. `outer_shapes`: its silhouette as it is, and with the inner object filled in."""

    inner: Found
    outer: Found
    outer_shapes: tuple[str, str]


def look_inside(picture: np.ndarray) -> tuple[str, Nested | None]:
    """Background colour, and the two nested objects of a flat uint8 [H, W, 3] picture, if there are two.

    The outer object is the largest region of one colour; the inner one is the largest other region within its bounds.
    """
    ground = _ground(picture)
    foreground = _differs(picture, ground)
    pixels = lab(picture.astype(float))
    nearest = ((pixels[:, :, None] - _LAB) ** 2).sum(-1).argmin(-1)
    regions = []
    for colour in np.unique(nearest[foreground]):
        mask = foreground & (nearest == colour)
        regions += [part for part in _components(mask)[:2] if _core(part).sum() > 12 and _core(part).sum() < part.sum()]
    regions.sort(key=np.sum, reverse=True)
    if not regions:
        return colour_name(ground), None
    outer = regions[0]
    rows, columns = np.nonzero(outer.any(1))[0], np.nonzero(outer.any(0))[0]
    bounds = np.zeros_like(outer)
    bounds[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    within = [part for part in regions[1:] if not (part & ~bounds).any()]
    if not within:
        return colour_name(ground), None
    inner = within[0]
    filled = outer | (foreground & bounds & ~outer)
    return colour_name(ground), Nested(
        _describe(picture, inner), _describe(picture, outer), (shape_name(outer), shape_name(filled))
    )
