"""Devices that engines run on: CUDA cards and the CPU, behind a protocol that tests can fake."""

from __future__ import annotations

import gc
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engines import errors

if TYPE_CHECKING:
    import torch

GIB = 2**30
# Working memory kept free of weights. The MoVQ decoder at 1024x1024 needs 5.0 GiB of bfloat16 activations (computed);
# the rest is the CUDA context and what convolutions ask for.
CUDA_RESERVE_BYTES = 6 * GIB
CUDA_RESERVE_SHARE = 0.25  # the bound of that reserve on small cards
CPU_SHARE = 0.6  # of the machine's memory; the rest is for activations and everybody else


class Device(Protocol):
    """Where an engine runs."""

    @property
    def name(self) -> str:
        """`cpu`, `cuda:0`; unique in a pool."""
        ...

    @property
    def budget_bytes(self) -> int:
        """Memory that weights may take."""
        ...

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether the error says that memory ran out, so that less work at once may succeed."""
        ...

    def free_caches(self) -> None:
        """Give back memory that is reserved and not in use."""
        ...

    def synchronize(self) -> None:
        """Wait until everything asked of the device is done."""
        ...


@dataclass(frozen=True, slots=True)
class CPU:
    """The processor. `threads` None leaves torch's own choice."""

    threads: int | None = None
    name: str = "cpu"

    @property
    def budget_bytes(self) -> int:
        return int(_machine_bytes() * CPU_SHARE)

    @property
    def torch_device(self) -> torch.device:
        import torch

        return torch.device("cpu")

    def is_out_of_memory(self, error: BaseException) -> bool:
        return isinstance(error, MemoryError) or "DefaultCPUAllocator" in str(error)

    def free_caches(self) -> None:
        gc.collect()

    def synchronize(self) -> None:
        """Nothing runs behind the caller's back."""


@dataclass(frozen=True, slots=True)
class CUDA:
    """One card."""

    index: int
    total_bytes: int

    @property
    def name(self) -> str:
        return f"cuda:{self.index}"

    @property
    def budget_bytes(self) -> int:
        reserve = min(CUDA_RESERVE_BYTES, self.total_bytes * CUDA_RESERVE_SHARE)
        return int(self.total_bytes - reserve)

    @property
    def torch_device(self) -> torch.device:
        import torch

        return torch.device("cuda", self.index)

    def is_out_of_memory(self, error: BaseException) -> bool:
        import torch

        # libraries beside torch's allocator say it in words of their own
        named = ("CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED", "CUDA error: out of memory")
        return isinstance(error, torch.OutOfMemoryError) or any(name in str(error) for name in named)

    def free_caches(self) -> None:
        import torch

        gc.collect()
        with torch.cuda.device(self.index):
            torch.cuda.empty_cache()

    def synchronize(self) -> None:
        import torch

        torch.cuda.synchronize(self.index)


TorchDevice = CPU | CUDA


def discover(wanted: str = "auto", threads: int | None = None) -> tuple[TorchDevice, ...]:
    """The devices that a setting names: `auto` (every card, else the CPU), `cpu`, or `cuda:0,cuda:2`.

    Imports torch. `threads` bounds the processor's share in arithmetic. Raises DeviceMissing.
    """
    # OpenMP's threads spin while they wait, and starve whoever shares the processor; read once, when torch loads it
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import torch

    if threads is not None:
        torch.set_num_threads(threads)
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "auto":
        return tuple(_card(index) for index in range(cards)) or (CPU(threads),)
    return tuple(_named(name.strip(), cards, threads) for name in wanted.split(","))


def _named(name: str, cards: int, threads: int | None) -> TorchDevice:
    if name == "cpu":
        return CPU(threads)
    match = re.fullmatch(r"cuda(?::(\d+))?", name)
    if match is None:
        raise errors.DeviceMissing(f"a device is `auto`, `cpu` or `cuda:0,cuda:1`, not {name!r}")
    index = int(match[1] or 0)
    if index >= cards:
        raise errors.DeviceMissing(f"{name} was asked for, and torch finds {cards} CUDA devices")
    return _card(index)


def _card(index: int) -> CUDA:
    import torch

    return CUDA(index, torch.cuda.get_device_properties(index).total_memory)


def _machine_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def free_machine_bytes() -> int:
    """Main memory that nothing uses now."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
