"""What an image prompt shows: CLIP embeddings of each row's scene and of its relatives.

Kept beside the bank for the image prompt (paper section 5.4) and for both halves of Kandinsky 2.2.
"""

import numpy as np
import torch
from torch import Tensor

from training import clip, companions, relatives, renderer, world

NAME = "views"
# The scene itself; the same composed anew; the same on other ground or in another style; each object of two alone.
VIEWS = ("own", "composed", "elsewhere", "first", "second")
SHOWN_STYLE = {"restyled": 2, "regrounded": 1}  # bits of `changes`: how "elsewhere" differs


def additions(model: clip.Clip) -> companions.Make:
    """`views` float16 [n, len(VIEWS), projection] and `changes` uint8 [n]; a view that there is not is all zeros."""

    def make(scenes: list[world.Scene], rng: np.random.Generator) -> companions.Arrays:
        width = model.settings.projection
        views = np.zeros((len(scenes), len(VIEWS), width), np.float16)
        changes = np.zeros(len(scenes), np.uint8)
        pictures, places = [], []
        for row, scene in enumerate(scenes):
            moved, regrounded, restyled = relatives.elsewhere(scene, rng)
            changes[row] = regrounded * SHOWN_STYLE["regrounded"] + restyled * SHOWN_STYLE["restyled"]
            shown = [scene, relatives.composed(scene, rng), moved]
            if len(scene.things) == 2:
                shown += _apart(scene, rng)
            for view, one in enumerate(shown):
                pictures.append(renderer.render(one))
                places.append((row, view))
        embeddings = clip.embed(model, pictures).half().numpy()
        for (row, view), embedding in zip(places, embeddings, strict=True):
            views[row, view] = embedding
        return {"views": views, "changes": changes}

    return make


def _apart(scene: world.Scene, rng: np.random.Generator) -> list[world.Scene]:
    """Each of two objects alone, one of them on the scene's background and the other on a background of its own."""
    taken = {scene.background, *(thing.colour for thing in scene.things)}
    free = [name for name in world.COLOURS if name not in taken]
    grounds: list[str | None] = [None, free[rng.integers(len(free))]]
    if rng.random() < 0.5:
        grounds.reverse()
    return [relatives.alone(scene, index, rng, ground) for index, ground in enumerate(grounds)]


def statistics(rows: companions.Companions, draws: int = 2048) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation [projection] of the scenes' own embeddings."""
    rng = np.random.default_rng(12)
    _, _, added = rows.batch(rng, draws, clip.SQUARE)
    own = torch.from_numpy(added["views"][:, 0]).float()
    return own.mean(0), own.std(0).clamp(min=1e-3)
