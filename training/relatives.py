"""Scenes that share something with a scene: what an image encoder must tell apart, and what an image prompt shows."""

import dataclasses

import numpy as np

from training import world

# What a neighbour may differ in, and nothing else.
ATTRIBUTES = ("colour", "shape", "background", "style", "layout")


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**40, 2**50))


def composed(scene: world.Scene, rng: np.random.Generator) -> world.Scene:
    """The same objects, background and style with other sizes and places; pigment and brush strokes differ too."""
    shapes, colours = [thing.shape for thing in scene.things], [thing.colour for thing in scene.things]
    if len(scene.things) == 1:
        things: tuple[world.Thing, ...] = (
            world.composed_single(rng, scene.width, scene.height, shapes[0], colours[0]),
        )
    else:
        things = world.composed_pair(rng, scene.width, scene.height, scene.relation, shapes, colours)
    return dataclasses.replace(scene, seed=_seed(rng), things=things)


def elsewhere(scene: world.Scene, rng: np.random.Generator) -> tuple[world.Scene, bool, bool]:
    """The same objects, composed anew, on another background, in another style, or both; and which of the two."""
    restyled = bool(rng.random() < (0.65 if scene.style != "flat" else 0.35))
    regrounded = not restyled or bool(rng.random() < 0.4)
    ground, style = scene.background, scene.style
    if regrounded:
        taken = {ground, *(thing.colour for thing in scene.things)}
        free = [name for name in world.COLOURS if name not in taken]
        ground = free[rng.integers(len(free))]
    if restyled:
        others = [name for name in world.STYLES if name != style]
        style = others[rng.integers(len(others))]
    moved = dataclasses.replace(scene, background=ground, background_said=True, style=style)
    return composed(moved, rng), regrounded, restyled


def alone(scene: world.Scene, index: int, rng: np.random.Generator, background: str | None = None) -> world.Scene:
    """One of the objects alone, on the scene's background or on the given one."""
    thing = scene.things[index]
    single = world.composed_single(rng, scene.width, scene.height, thing.shape, thing.colour)
    ground = background or scene.background
    return dataclasses.replace(
        scene, seed=_seed(rng), background=ground, background_said=True, things=(single,), relation=None
    )


def neighbour(scene: world.Scene, rng: np.random.Generator) -> world.Scene:
    """A scene that differs in exactly one attribute: the hard negative of a contrastive batch."""
    attribute = ATTRIBUTES[rng.integers(len(ATTRIBUTES))]
    taken = {scene.background, *(thing.colour for thing in scene.things)}
    free = [name for name in world.COLOURS if name not in taken]
    other = free[rng.integers(len(free))]
    if attribute == "layout":
        return composed(scene, rng)
    if attribute == "background":
        return dataclasses.replace(scene, seed=_seed(rng), background=other, background_said=True)
    if attribute == "style":
        styles = [name for name in world.STYLES if name != scene.style]
        return dataclasses.replace(scene, seed=_seed(rng), style=styles[rng.integers(len(styles))])
    things = list(scene.things)
    index = int(rng.integers(len(things)))
    if attribute == "colour":
        things[index] = dataclasses.replace(things[index], colour=other)
    else:
        shapes = [name for name in world.SHAPES if name != things[index].shape]
        things[index] = dataclasses.replace(things[index], shape=shapes[rng.integers(len(shapes))])
    return dataclasses.replace(scene, seed=_seed(rng), things=tuple(things))
