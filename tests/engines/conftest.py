"""The golden fixtures, and a tiny family in the miniature layout made of their random weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests import tiny_weights as tiny

torch.set_num_threads(1)  # the networks are so small that a second thread only costs


@pytest.fixture(autouse=True)
def _own_numbers() -> None:
    """What torch draws in a test does not depend on which tests ran before."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def fixtures() -> Path:
    return tiny.FIXTURES


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory like `engines/mini/weights`. Read only: tests that break a file copy the directory first."""
    root = tmp_path_factory.mktemp("weights")
    tiny.write(root)
    return root
