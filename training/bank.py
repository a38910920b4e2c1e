"""Latents of rendered scenes on disk, so that the U-Net's steps neither render nor encode.

The bank grows in chunks while a training runs; scenes themselves are not stored, a seed is enough.
"""

import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training import config, loop, movq, renderer, world

FIRST_SEED = 1_000_000
CHUNK = 2000
CANVAS_WEIGHTS = (0.88, 0.06, 0.06)  # square pictures are the rule, wide and tall ones come along


def folder() -> Path:
    path = config.workspace() / "bank"
    path.mkdir(exist_ok=True)
    return path


@torch.inference_mode()
def grow(model: movq.VQModel, chunks: int, first: int = 0) -> None:
    """Encode scenes until the bank has the chunks `first` to `chunks`."""
    model = model.to(memory_format=torch.channels_last)
    for chunk in range(first, chunks):
        target = folder() / f"{chunk:04d}.npz"
        if target.exists() or chunk % loop.workers() != loop.worker():
            continue
        by_canvas: dict[tuple[int, int], list[world.Scene]] = {}
        for seed in range(FIRST_SEED + chunk * CHUNK, FIRST_SEED + (chunk + 1) * CHUNK):
            scene = world.sample_scene(seed)
            by_canvas.setdefault((scene.width, scene.height), []).append(scene)
        arrays = {}
        for (width, height), scenes in by_canvas.items():
            latents = [
                movq.encode(
                    model,
                    movq.to_tensor(np.stack([renderer.render(s) for s in scenes[i : i + 16]])).contiguous(
                        memory_format=torch.channels_last
                    ),
                )
                for i in range(0, len(scenes), 16)
            ]
            arrays[f"latents_{width}x{height}"] = torch.cat(latents).half().numpy()
            arrays[f"seeds_{width}x{height}"] = np.array([scene.seed for scene in scenes])
        partial = target.with_suffix(".tmp.npz")
        np.savez(partial, allow_pickle=False, **arrays)
        partial.rename(target)


def draw_canvas(rng: np.random.Generator) -> tuple[int, int]:
    """Width and height of a batch in pixels."""
    return list(world.CANVASES)[rng.choice(3, p=CANVAS_WEIGHTS)]


class Bank:
    """What is on disk, re-read now and then; `batch` draws latents and their scenes, one canvas a batch.

    `prefer_simple` is the share of scenes that are neither flat nor single which is passed over, `prefer_nested` that
    of scenes without an object inside another.
    """

    def __init__(self, prefer_simple: float = 0.0, prefer_nested: float = 0.0) -> None:
        self._seen: set[Path] = set()
        self._latents: dict[tuple[int, int], list[np.ndarray]] = {c: [] for c in world.CANVASES}
        self._seeds: dict[tuple[int, int], list[np.ndarray]] = {c: [] for c in world.CANVASES}
        self._checked = 0.0
        self._prefer_simple = prefer_simple
        self._prefer_nested = prefer_nested
        self.refresh()

    def refresh(self) -> None:
        if time.time() - self._checked < 60:
            return
        self._checked = time.time()
        for path in sorted(set(folder().glob("[0-9]*[0-9].npz")) - self._seen):
            self._seen.add(path)
            with np.load(path) as arrays:
                for width, height in world.CANVASES:
                    if f"seeds_{width}x{height}" in arrays:
                        self._latents[width, height].append(arrays[f"latents_{width}x{height}"])
                        self._seeds[width, height].append(arrays[f"seeds_{width}x{height}"])

    def batch(self, rng: np.random.Generator, size: int) -> tuple[Tensor, list[world.Scene]]:
        self.refresh()
        canvas = draw_canvas(rng)
        latents: list[np.ndarray] = []
        scenes: list[world.Scene] = []
        while len(scenes) < size:
            chunk = rng.integers(len(self._seeds[canvas]))
            row = rng.integers(len(self._seeds[canvas][chunk]))
            scene = world.sample_scene(int(self._seeds[canvas][chunk][row]))
            simple = scene.style == "flat" and len(scene.things) == 1
            if not simple and rng.random() < self._prefer_simple:
                continue
            if scene.relation != "inside" and rng.random() < self._prefer_nested:
                continue
            scenes.append(scene)
            latents.append(self._latents[canvas][chunk][row])
        return torch.from_numpy(np.stack(latents)).float(), scenes
