"""Tensors into a .safetensors file, one at a time, resumable after a kill.

Layout of the format: eight bytes with the length of a JSON header, the header, then the numbers of all tensors without
gaps. Where each tensor stands follows from names and shapes alone, so an interrupted file can go on: what is there is
compared with the source, never believed, and everything after the first difference is written again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

from engines import errors
from engines.weights import disk, lock

if TYPE_CHECKING:
    import torch
    from torch import Tensor

CHUNK_BYTES = 2**24
_NAMES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint8": "U8",
    "bool": "BOOL",
}


def write(
    path: Path,
    tensors: Mapping[str, Tensor],
    metadata: Mapping[str, str],
    dtype: torch.dtype | None = None,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> lock.Entry:
    """Put tensors into a file in one act; its size and checksum. `dtype` is given to every floating-point tensor.

    Raises CheckpointInvalid for numbers that the format does not know; OSError from the disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {name: _dtype(tensor, dtype) for name, tensor in tensors.items()}
    # widest numbers first: every tensor then begins at a multiple of its width, which readers that map the file need
    order = sorted(tensors, key=lambda name: (-kept[name].itemsize, name))
    partial = path.with_name(f"{path.name}.partial")
    partial.touch()
    digest = hashlib.sha256()
    with partial.open("r+b") as file:
        for chunk in _chunks(tensors, order, kept, metadata):
            _put(file, chunk)
            digest.update(chunk)
            on_bytes(len(chunk))
        size = file.tell()
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    disk.place(partial, path)
    return lock.Entry(size, digest.hexdigest())


def _chunks(
    tensors: Mapping[str, Tensor], order: list[str], kept: Mapping[str, torch.dtype], metadata: Mapping[str, str]
) -> Iterator[bytes]:
    import torch

    header: dict[str, object] = {"__metadata__": dict(metadata)}
    position = 0
    for name in order:
        size = tensors[name].numel() * kept[name].itemsize
        header[name] = {
            "dtype": _NAMES[_short(kept[name])],
            "shape": list(tensors[name].shape),
            "data_offsets": [position, position + size],
        }
        position += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for name in order:
        numbers = tensors[name].detach().to(kept[name]).contiguous().reshape(-1).view(torch.uint8).numpy()
        for begin in range(0, len(numbers), CHUNK_BYTES):
            yield numbers[begin : begin + CHUNK_BYTES].tobytes()


def _put(file: IO[bytes], chunk: bytes) -> None:
    """Write a chunk at the position of the file, unless it stands there already."""
    begin = file.tell()
    if file.read(len(chunk)) != chunk:
        file.seek(begin)
        file.truncate()
        file.write(chunk)


def _dtype(tensor: Tensor, wanted: torch.dtype | None) -> torch.dtype:
    kept = wanted if wanted is not None and tensor.is_floating_point() else tensor.dtype
    if _short(kept) not in _NAMES:
        raise errors.CheckpointInvalid(f"numbers of the type {kept} cannot be stored")
    return kept


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
