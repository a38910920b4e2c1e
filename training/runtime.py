"""What must happen before diffusers or transformers is imported."""

import ctypes
import platform
from typing import TypeVar

import torch
from torch import nn

from engines import bridges

M = TypeVar("M", bound=nn.Module)

# Names and numbers of glibc's `mallopt`.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_NEVER_BYTES = 2**31 - 1


def prepare(threads: int = 2) -> None:
    """Close the gaps between pinned packages, settle the number of threads, keep freed memory."""
    bridges.install()
    _keep_memory()
    torch.set_num_threads(threads)


def channels_last(module: M) -> M:
    """The module itself, its weights laid out for the faster convolutions of a CPU."""
    return module.to(memory_format=torch.channels_last)  # type: ignore[no-any-return, call-overload] # torch leaves it out


def _keep_memory() -> None:
    """Have glibc keep what is freed for the next step.

    Otherwise every step takes its large tensors from the kernel anew, page by page: a third of the time of encoding the
    bank. `GLIBC_TUNABLES=glibc.malloc.hugetlb=1`, which only the environment can set, saves most of the rest.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_TRIM_THRESHOLD, _NEVER_BYTES)
        libc.mallopt(_MMAP_THRESHOLD, _NEVER_BYTES)
