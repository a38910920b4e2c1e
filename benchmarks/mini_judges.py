"""Whether a picture of the miniature family is what its kind promises, from pixels alone.

Every judge takes the result and what went in, and says which of its claims hold; a case is right when all of them do.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks import mini_drawing, mini_eye

Claims = dict[str, bool]
KEPT_LEVELS: Final = 3  # of 255: what a kept pixel may differ by
SEAM_PX: Final = 8  # around a mask, where the kept picture fades into the new one
COPY_OVERLAP: Final = 0.9  # of silhouettes; a variation above it, in the same place, is a copy
EDGE_LAB: Final = 14.0  # colour difference of neighbours that makes an edge
REACH_PX: Final = 3  # that an edge may have moved
EDGES_F1: Final = 0.6
TILE_PX: Final = 8  # of the mosaic that the family knows


def inpainted(result: np.ndarray, source: mini_drawing.Drawing, mask: np.ndarray, wanted: mini_drawing.Thing) -> Claims:
    """The wanted object stands in the mask, and what the mask leaves out is as it was."""
    ground, found = mini_eye.look(result)
    new = [one for one in found if mask[_cell(one.y, mask.shape[0]), _cell(one.x, mask.shape[1])]]
    far = ~_widened(mask, SEAM_PX)
    moved = np.abs(result.astype(int) - source.pixels(len(result)).astype(int))[far]
    return {
        "background": ground == source.background,
        "colour": bool(new) and new[0].colour == wanted.colour,
        "shape": bool(new) and new[0].shape == wanted.shape,
        "kept": not moved.size or int(moved.max()) <= KEPT_LEVELS,
    }


def continued(result: np.ndarray, source: mini_drawing.Drawing) -> Claims:
    """The source lies in the middle as it was, and each side of what is new has the colour of its background."""
    old = source.pixels()
    margin = (len(result) - len(old)) // 2
    if margin < 1:
        return {"background": False, "kept": False}  # nothing is new
    middle = result[margin : margin + len(old), margin : margin + len(old)]
    moved = np.abs(middle.astype(int) - old.astype(int))[SEAM_PX:-SEAM_PX, SEAM_PX:-SEAM_PX]
    sides = (result[:margin], result[-margin:], result[:, :margin], result[:, -margin:])
    names = {mini_eye.colour_name(np.median(side.reshape(-1, 3), 0)) for side in sides}
    return {"background": names == {source.background}, "kept": int(moved.max()) <= KEPT_LEVELS}


def varied(result: np.ndarray, source: mini_drawing.Drawing) -> Claims:
    """The colours and the shape of the source, and not the source itself."""
    ground, found = mini_eye.look(result)
    thing = source.things[0]
    return {
        "background": ground == source.background,
        "colour": bool(found) and found[0].colour == thing.colour,
        "shape": bool(found) and found[0].shape == thing.shape,
        "another": not is_copy(result, source.pixels(len(result))),
    }


def alone(result: np.ndarray) -> Claims:
    """One object, where one was shown."""
    _, found = mini_eye.look(result)
    return {"one object": len(found) == 1}


def is_copy(result: np.ndarray, source: np.ndarray) -> bool:
    """Whether the objects of two pictures lie on the same pixels."""
    one, two = (mini_eye.foreground(picture) for picture in (result, source))
    return bool((one & two).sum() > COPY_OVERLAP * (one | two).sum())


def fused(result: np.ndarray, sources: tuple[mini_drawing.Drawing, mini_drawing.Drawing]) -> Claims:
    """Each source shows: an object in the colour of its object."""
    _, found = mini_eye.look(result)
    things = [source.things[0] for source in sources]
    seen = {one.colour for one in found}
    return {"first": things[0].colour in seen, "second": things[1].colour in seen}


def fused_objects(result: np.ndarray, sources: tuple[mini_drawing.Drawing, mini_drawing.Drawing]) -> Claims:
    """Both objects are there, in colour and shape."""
    _, found = mini_eye.look(result)
    seen = {(one.colour, one.shape) for one in found}
    return {"both objects": all((one.things[0].colour, one.things[0].shape) in seen for one in sources)}


def reworded(result: np.ndarray, source: mini_drawing.Drawing, background: str) -> Claims:
    """The object of the source on the background of the text."""
    ground, found = mini_eye.look(result)
    thing = source.things[0]
    return {
        "text": ground == background,
        "colour": bool(found) and found[0].colour == thing.colour,
        "shape": bool(found) and found[0].shape == thing.shape,
    }


def tiled(result: np.ndarray, source: mini_drawing.Drawing) -> Claims:
    """The source's colours in a mosaic."""
    thing = source.things[0]
    seen = {mini_eye.colour_name(colour) for colour in _tile_colours(result)}
    return {"text": is_mosaic(result), "colour": thing.colour in seen}


def is_mosaic(picture: np.ndarray) -> bool:
    """Whether brightness changes far more along a grid of tiles than between its lines."""
    light = mini_eye.lab(picture.astype(float))[..., 0]
    down, across = np.abs(np.diff(light, axis=0)).mean(1), np.abs(np.diff(light, axis=1)).mean(0)
    return all(_periodic(steps) for steps in (down, across))


def traced(result: np.ndarray, source: mini_drawing.Drawing, background: str, colour: str) -> Claims:
    """The edges of the source in the colours of the text."""
    ground, found = mini_eye.look(result)
    return {
        "edges": edges_f1(result, source.pixels(len(result))) >= EDGES_F1,
        "background": ground == background,
        "colour": bool(found) and found[0].colour == colour,
    }


def edges(picture: np.ndarray) -> np.ndarray:
    """Bool [h, w]: pixels that differ in colour from the one to the right or below."""
    values = mini_eye.lab(picture.astype(float))
    found = np.zeros(picture.shape[:2], bool)
    found[:, :-1] |= np.sqrt(((values[:, 1:] - values[:, :-1]) ** 2).sum(-1)) > EDGE_LAB
    found[:-1] |= np.sqrt(((values[1:] - values[:-1]) ** 2).sum(-1)) > EDGE_LAB
    return found


def edges_f1(result: np.ndarray, source: np.ndarray) -> float:
    """Harmonic mean of the shares of edge pixels of either picture that lie near an edge of the other."""
    one, two = edges(result), edges(source)
    if not one.any() or not two.any():
        return 0.0
    precision = (one & _widened(two, REACH_PX)).sum() / one.sum()
    recall = (two & _widened(one, REACH_PX)).sum() / two.sum()
    return float(2 * precision * recall / max(1e-9, precision + recall))


def psnr_db(result: np.ndarray, truth: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB of 8-bit pictures of one size."""
    error = np.mean((result.astype(float) - truth.astype(float)) ** 2)
    return float(10 * np.log10(255**2 / max(1e-9, error)))


def _cell(at: float, cells: int) -> int:
    return min(cells - 1, max(0, int(at * cells)))


def _widened(mask: np.ndarray, reach_px: int) -> np.ndarray:
    """The mask and every pixel within `reach_px` of it."""
    height, width = mask.shape
    wide = np.zeros_like(mask)
    for dy in range(-reach_px, reach_px + 1):
        for dx in range(-reach_px, reach_px + 1):
            if dx * dx + dy * dy <= reach_px * reach_px:
                part = mask[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
                wide[max(0, dy) : height - max(0, -dy), max(0, dx) : width - max(0, -dx)] |= part
    return wide


def _periodic(steps: np.ndarray) -> bool:
    """Whether the largest steps repeat every tile."""
    usable = steps[: len(steps) // TILE_PX * TILE_PX].reshape(-1, TILE_PX)
    phases = np.sort(np.median(usable, 0))
    return bool(phases[-1] > 2.0 and phases[-1] > 2.5 * phases[TILE_PX // 2])


def _tile_colours(picture: np.ndarray) -> np.ndarray:
    """The median colour [n, 3] of each tile."""
    height, width = (side // TILE_PX for side in picture.shape[:2])
    cut = picture[: height * TILE_PX, : width * TILE_PX].reshape(height, TILE_PX, width, TILE_PX, 3)
    colours: np.ndarray = np.median(cut.transpose(0, 2, 1, 3, 4).reshape(height * width, -1, 3), 1)
    return colours
