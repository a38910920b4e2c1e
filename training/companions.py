"""What a recipe adds to each row of the bank (masks, embeddings, edges): made once, kept on disk, drawn in batches.

A row is a scene and its latents; an addition is an array with one entry a row, in the bank's order.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training import bank, config, loop, world

Arrays = Mapping[str, np.ndarray]
Make = Callable[[list[world.Scene], np.random.Generator], Arrays]
Canvas = tuple[int, int]
PIECE = 40  # scenes that are made at once
REFRESH_S = 60
MADE_BY = {"views": "clip", "edges": "hed"}  # additions are old when this recipe has been trained further


def folder(name: str) -> Path:
    path = config.workspace() / "companions" / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def grow(name: str, chunks: int, make: Make, stop_at: float | None = None) -> None:
    """Make the additions of the bank's first chunks, a share of them in each worker.

    Stops at `stop_at` (Unix seconds) once there is one. A chunk that is there already stays as it is, unless the bank's
    rows have been encoded anew since, or what made it has been trained further.
    """
    target = folder(name)
    for number, path in enumerate(sorted(bank.folder().glob("[0-9]*[0-9].npz"))[:chunks]):
        if number % loop.workers() != loop.worker() or _is_current(target / path.name, path):
            continue
        done = any(_is_current(made, bank.folder() / made.name) for made in target.glob("[0-9]*[0-9].npz"))
        if stop_at and time.time() > stop_at and done:
            return
        arrays: dict[str, np.ndarray] = {}
        with np.load(path) as rows:
            for width, height in world.CANVASES:
                seeds = rows[f"seeds_{width}x{height}"]
                for key, array in _made(seeds, make, (number, width)).items():
                    arrays[f"{key}_{width}x{height}"] = array
        partial = target / f"{path.stem}.tmp.npz"
        np.savez(partial, allow_pickle=False, **arrays)
        partial.rename(target / path.name)


def _is_current(added: Path, rows: Path) -> bool:
    """Whether a chunk of additions is there and no older than its rows and the model that made it."""
    if not (added.exists() and rows.exists()):
        return False
    maker = config.workspace() / MADE_BY.get(added.parent.name, "") / "checkpoint.pt"
    newest_ns = max(path.stat().st_mtime_ns for path in (rows, maker) if path.exists())
    return added.stat().st_mtime_ns >= newest_ns


def _made(seeds: np.ndarray, make: Make, label: tuple[int, int]) -> Arrays:
    pieces = []
    for start in range(0, len(seeds), PIECE):
        scenes = [world.sample_scene(int(seed)) for seed in seeds[start : start + PIECE]]
        pieces.append(make(scenes, np.random.default_rng((*label, start))))
    return {key: np.concatenate([piece[key] for piece in pieces]) for key in (pieces[0] if pieces else ())}


class Companions:
    """Rows of the bank that have their additions by now, in memory; `batch` draws some, one canvas a batch."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rows: dict[Canvas, list[dict[str, np.ndarray]]] = {canvas: [] for canvas in world.CANVASES}
        self._seen: set[str] = set()
        self._checked_s = -float(REFRESH_S)
        self.refresh()

    def refresh(self) -> None:
        """Read what has come since; at most once in REFRESH_S."""
        if time.monotonic() - self._checked_s < REFRESH_S:
            return
        self._checked_s = time.monotonic()
        for path in sorted(folder(self._name).glob("[0-9]*[0-9].npz")):
            if path.name in self._seen or not _is_current(path, bank.folder() / path.name):
                continue
            self._seen.add(path.name)
            with np.load(bank.folder() / path.name) as rows, np.load(path) as added:
                for width, height in world.CANVASES:
                    suffix = f"_{width}x{height}"
                    both = {key: rows[key] for key in rows.files} | {key: added[key] for key in added.files}
                    held = {key.removesuffix(suffix): both[key] for key in both if key.endswith(suffix)}
                    if len(held["seeds"]):
                        self._rows[width, height].append(held)

    def batch(
        self, rng: np.random.Generator, size: int, canvas: Canvas | None = None
    ) -> tuple[Tensor, list[world.Scene], dict[str, np.ndarray]]:
        """Latents float32 [size, 4, h, w], their scenes, and the additions by name, stacked."""
        self.refresh()
        canvas = canvas or bank.draw_canvas(rng)
        rows = []
        for _ in range(size):
            chunk = self._rows[canvas][rng.integers(len(self._rows[canvas]))]
            row = rng.integers(len(chunk["seeds"]))
            rows.append({key: values[row] for key, values in chunk.items()})
        drawn = {key: np.stack([row[key] for row in rows]) for key in rows[0]}
        scenes = [world.sample_scene(int(seed)) for seed in drawn.pop("seeds")]
        return torch.from_numpy(drawn.pop("latents")).float(), scenes, drawn
