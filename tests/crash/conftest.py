"""Weights for the tests that run the real command."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory like `engines/mini/weights`; torch is imported only where a test asks for it."""
    from tests import tiny_weights

    root = tmp_path_factory.mktemp("weights")
    tiny_weights.write(root)
    return root
