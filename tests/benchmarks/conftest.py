"""Weights for benchmarks that paint."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import tiny_weights as tiny


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory like `engines/mini/weights`."""
    root = tmp_path_factory.mktemp("weights")
    tiny.write(root)
    return root
