"""What this machine has: memory and GPUs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CONTAINER_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")  # cgroup v2; holds "max" where there is no limit


@dataclass(frozen=True, slots=True)
class Gpu:
    """A CUDA device."""

    name: str
    memory_bytes: int


def memory_bytes(container_limit: Path = CONTAINER_LIMIT) -> int:
    """The memory of the machine, or of the container where that has less."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = container_limit.read_text("ascii").strip()
    except OSError:
        return physical
    return min(physical, int(limit)) if limit.isdigit() else physical


def gpus() -> list[Gpu]:
    """The CUDA devices that PyTorch can use, in its order."""
    import torch

    if not torch.cuda.is_available():
        return []
    found = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return [Gpu(properties.name, properties.total_memory) for properties in found]
