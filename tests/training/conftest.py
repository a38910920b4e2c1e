"""Every test draws its own numbers: what torch draws must not depend on which tests ran before."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(autouse=True)
def _own_numbers() -> None:
    torch.manual_seed(0)
