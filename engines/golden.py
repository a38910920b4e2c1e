"""A golden file and a comparison with it; families of models bring the cases (`kandinsky3/golden.py`).

A golden file is a safetensors file with weights, inputs, recorded noise and expected outputs; its metadata entry
`config` says sizes and cases.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from engines import checkpoints, errors

if TYPE_CHECKING:
    from torch import Tensor

EXACT = 0.0  # a limit for ids, masks and timesteps


@dataclass(frozen=True, slots=True)
class Fixture:
    """One golden file. It keeps account of the tensors that were asked for, so that none is passed over in silence."""

    path: Path
    tensors: dict[str, Tensor]
    config: dict[str, Any]
    read: set[str] = field(default_factory=set)

    @classmethod
    def open(cls, path: Path) -> Self:
        if path.suffix == ".json":
            return cls(path, {}, json.loads(path.read_text()))
        content = checkpoints.read(path)
        return cls(path, dict(content.tensors), json.loads(content.metadata.get("config", "{}")))

    def __getitem__(self, name: str) -> Tensor:
        if name not in self.tensors:
            raise errors.CheckpointInvalid(f"{self.path.name} has no tensor {name}")
        self.read.add(name)
        return self.tensors[name]

    def below(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose names start with the prefix, without it."""
        self.read.update(name for name in self.tensors if name.startswith(prefix))
        return checkpoints.below(prefix, self.tensors)

    def beside(self, stem: str) -> Fixture:
        """Another golden file of the same directory."""
        return Fixture.open(self.path.with_name(f"{stem}.safetensors"))

    def numbered(self, prefix: str) -> list[Tensor]:
        """`prefix.0`, `prefix.1`, ... as far as they go."""
        found: list[Tensor] = []
        while f"{prefix}.{len(found)}" in self.tensors:
            found.append(self[f"{prefix}.{len(found)}"])
        return found

    def cases(self) -> dict[str, dict[str, Any]]:
        """What the configuration says of each case, below `cases` or, with the sizes, beside them."""
        said = self.config.get("cases", self.config)
        return {case: one for case, one in said.items() if isinstance(one, dict)}

    def unread(self) -> list[str]:
        """The first words, up to a dot, of the tensors that nobody asked for."""
        return sorted({name.partition(".")[0] for name in self.tensors.keys() - self.read})


def row(tensor: Tensor, number: int) -> Tensor:
    """What a recorded batch holds for a picture; all of them share what was recorded once."""
    return tensor[number if len(tensor) > 1 else 0]


def factor(ending: str) -> float:
    """The number at the end of a tensor's name: 1 is 1, 06 and 0.6 are 0.6, 15 is 1.5."""
    return float(ending if "." in ending else f"{ending[0]}.{ending[1:] or 0}")


@dataclass(slots=True)
class Worst:
    """Of the comparisons of a case, the one nearest to its limit or furthest over it."""

    error: float = 0.0
    limit: float = EXACT
    compared: int = 0
    _share: float = 0.0

    def compare(self, actual: Tensor, expected: Tensor, limit: float) -> None:
        """Take the largest absolute difference into account; different shapes and NaN differ infinitely."""
        error = math.inf
        if actual.shape == expected.shape:
            error = float((actual.double() - expected.double()).abs().max())
            error = math.inf if math.isnan(error) else error
        share = error / limit if limit > 0 else math.inf * error if error > 0 else 0.0
        if share > self._share or not self.compared:
            self.error, self.limit, self._share = error, limit, share
        self.compared += 1

    def compare_to_peak(self, actual: Tensor, expected: Tensor, share: float) -> None:
        """The same with a limit that is a share of the largest expected magnitude (of 1 at least)."""
        self.compare(actual, expected, share * max(1.0, float(expected.abs().max())))


Check = Callable[[Worst], None]
Case = tuple[str, Check | None]  # None: no engine for it yet
