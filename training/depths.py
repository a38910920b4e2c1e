"""Depth maps of the world's flat scenes, as control by depth is shown them: near is white.

A scene has no third dimension, so its depth is made up: the background is the farthest, each object has a distance of
its own, and what lies on top is nearer. How far everything is differs from map to map: only the order is to be learned.
"""

import numpy as np
import torch

from engines.kandinsky3.control import hints
from training import renderer, world

FAR = (0.0, 0.35)  # of the background, which may come nearer towards the lower rim as a floor does
NEAR = (0.45, 1.0)
ON_TOP = 0.15  # at least, between an object and the one that it lies on
FLOORS = 0.4  # share of maps whose background slopes
BLURRED = 0.4  # share of maps whose rims are soft, as estimated depth has them ...
SIGMA_PX = (0.5, 1.5)  # ... by a blur of this deviation


def depth(scene: world.Scene, rng: np.random.Generator) -> np.ndarray:
    """Float32 [height, width] in 0..1, 1 the nearest."""
    far = np.sort(rng.uniform(*FAR, 2))
    floor = np.linspace(far[0], far[1] if rng.random() < FLOORS else far[0], scene.height)
    found = np.repeat(floor.astype(np.float32)[:, None], scene.width, axis=1)
    nested = scene.relation == "inside"
    things = sorted(scene.things, key=lambda thing: -thing.radius) if nested else scene.things
    distances = rng.uniform(*NEAR, len(things))
    if nested:
        distances[0] = rng.uniform(NEAR[0], NEAR[1] - ON_TOP)
        distances[1] = rng.uniform(distances[0] + ON_TOP, NEAR[1])
    for thing, nearness in zip(things, distances, strict=True):
        covered = renderer.coverage(scene, thing)
        found = found * (1 - covered) + np.float32(nearness) * covered
    if rng.random() >= BLURRED:
        return found
    return hints.blurred(torch.from_numpy(found)[None], rng.uniform(*SIGMA_PX))[0].numpy()
