"""A tiny Kandinsky 2.2 beside a tiny Kandinsky 3, and its parts on a shelf."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines import checkpoints, devices
from engines.kandinsky3.family import Family
from engines.kandinsky22.parts import Parts
from tests import tiny_kandinsky22 as tiny
from tests import tiny_weights


@pytest.fixture(scope="session")
def weights_22(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with both models, as published. Read only."""
    root = tmp_path_factory.mktemp("weights22")
    tiny_weights.write(root)
    tiny.write(root)
    return root


@pytest.fixture(scope="session")
def family_22(weights_22: Path) -> Family:
    return Family(checkpoints.Layout.at(weights_22), devices.CPU(1))


@pytest.fixture(scope="session")
def parts(family_22: Family) -> Parts:
    return Parts(family_22)
