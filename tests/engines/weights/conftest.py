"""A hub on loopback, and a client that may reach it although tests are offline."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engines.weights import hub
from tests import hub_double


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[hub_double.Double]:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)  # read when the library is imported
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 4096)  # 10 MB hold every file of these tests
    with hub_double.serving() as served:
        yield served


@pytest.fixture
def client(double: hub_double.Double) -> hub.Hub:
    return hub.Hub(double.url, pause_s=0)
