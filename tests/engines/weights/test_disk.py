"""What the disk's helpers say."""

from __future__ import annotations

import pytest

from engines.weights import disk


@pytest.mark.parametrize(
    ("size_bytes", "said"),
    [(0, "0 kB"), (1, "1 kB"), (1499, "1 kB"), (67_100_000, "67 MB"), (12_154_652_436, "12.2 GB")],
)
def test_a_size_is_said_as_people_read_it(size_bytes: int, said: str) -> None:
    assert disk.gigabytes(size_bytes) == said
