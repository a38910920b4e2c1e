"""How the lists of the real checkpoints' names are run: `keys_unet_full.json`, `keys_movq_full.json`.

They hold no numbers: what is counted is the names, and the shapes, that come out otherwise.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator

import torch

from engines.golden import EXACT, Case, Fixture, Worst
from engines.kandinsky3 import keymaps


def _unet_cases(fixture: Fixture) -> Iterator[Case]:
    yield "names", functools.partial(_compare_unet_names, fixture)


def _compare_unet_names(fixture: Fixture, worst: Worst) -> None:
    wrong = [
        original
        for original, (stock, *_) in fixture.config["unet"].items()
        if keymaps.unet_name_to_stock(original) != stock or keymaps.unet_name_to_original(stock) != original
    ]
    worst.compare(torch.tensor(len(wrong)), torch.tensor(0), EXACT)


def _movq_cases(fixture: Fixture) -> Iterator[Case]:
    yield "names", functools.partial(_compare_movq_names, fixture)


def _compare_movq_names(fixture: Fixture, worst: Worst) -> None:
    listed = fixture.config["movq"]
    levels = 1 + max(int(match[1]) for name in listed if (match := re.match(r"encoder\.down\.(\d+)\.", name)))
    with torch.device("meta"):
        converted = keymaps.movq_to_stock({name: torch.empty(shape) for name, (_, shape, _) in listed.items()}, levels)
    expected = {name: tuple(shape) for name, _, shape in listed.values()}
    actual = {name: tuple(tensor.shape) for name, tensor in converted.items()}
    back = [name for name, (stock, *_) in listed.items() if keymaps.movq_name_to_original(stock, levels) != name]
    worst.compare(torch.tensor(len(expected.items() ^ actual.items()) + len(back)), torch.tensor(0), EXACT)


FILES: dict[str, Callable[[Fixture], Iterator[Case]]] = {
    "keys_unet_full.json": _unet_cases,
    "keys_movq_full.json": _movq_cases,
}
