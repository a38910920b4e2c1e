"""Weight files: where they are, how they are read, and whether they are what they should be.

Two layouts, either in the directory itself or in its folder `weights/`:
- official (ai-forever/Kandinsky3.1): kandinsky3.pt, kandinsky3_flash.pt, movq.pt, and flan_ul2_encoder/ with the
  encoder's shards, its tokenizer and projection*.pt;
- miniature: the same names with the suffix .safetensors; metadata `config` holds the sizes as JSON.
Pickles are read with `weights_only=True` and mapped into memory, so that a 12 GB file is never in memory twice.
"""

from __future__ import annotations

import contextlib
import json
import math
import shlex
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors

from engines import errors

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

SUFFIXES = (".safetensors", ".pt")
ENCODER = "flan_ul2_encoder"
SHOWN = 3  # names of weights that an error message shows of each sort


@dataclass(frozen=True, slots=True)
class Content:
    """A file's tensors under their full names (`unet.in_layer.weight`), and its metadata."""

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layout:
    """A directory with the checkpoints of one profile."""

    root: Path

    @classmethod
    def at(cls, directory: Path) -> Layout:
        """The layout in a directory or in its folder `weights/`. Raises CheckpointMissing."""
        try:
            for root in (directory, directory / "weights"):
                if any((root / f"movq{suffix}").is_file() for suffix in SUFFIXES):
                    return cls(root)
        except OSError as error:  # pathlib asks the system, which may refuse to look
            raise errors.CheckpointMissing(f"{directory} cannot be looked into: {error.strerror}") from error
        places = f"{directory} or {directory / 'weights'}"
        raise errors.CheckpointMissing(
            f"no movq.pt or movq.safetensors in {places}: {_fetched(directory, 'text_to_image', 'movq')}"
        )

    @property
    def encoder(self) -> Path:
        """The folder of the text encoder and its tokenizer."""
        folder = self.root / ENCODER
        if not (folder / "config.json").is_file():
            way = _fetched(self.root, "text_to_image", ENCODER)
            raise errors.CheckpointMissing(f"no text encoder: {folder / 'config.json'} is not there: {way}")
        return folder

    def find(self, stem: str) -> Path:
        """The file of a checkpoint, such as `kandinsky3` or `flan_ul2_encoder/projection`. Raises CheckpointMissing."""
        for suffix in SUFFIXES:
            path = self.root / f"{stem}{suffix}"
            if path.is_file():
                return path
        way = _fetched(self.root, "text_to_image", stem)
        raise errors.CheckpointMissing(f"neither {stem}.safetensors nor {stem}.pt is in {self.root}: {way}")


def missing(kind: str, files: Iterable[str], root: Path) -> errors.CheckpointMissing:
    """The error for a kind whose files are not in `root`: it names them, and the command that fetches them."""
    named = list(files)
    listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    which = "which is" if len(named) == 1 else "which are"
    way = _fetched(root, kind, *named)
    if _is_embedded(root):
        way = f"the miniature family has none; for `--profile kandinsky3` {way}"
        return errors.CheckpointMissing(f"{kind} needs {listed}: {way}")
    return errors.CheckpointMissing(f"{kind} needs {listed}, {which} not in {root}: {way}")


def pull_command(names: Iterable[str], folder: Path | None) -> str:
    """The command that fetches kinds or components, as a shell takes it; None is the folder of the settings."""
    return shlex.join(("kandinsky-bot", "weights", "pull", *names, *(("--dir", str(folder)) if folder else ())))


def _fetched(root: Path, kind: str, *stems: str) -> str:
    from engines.weights import manifest

    command = pull_command(manifest.load().fetching(kind, stems), None if _is_embedded(root) else root)
    return f"`{command}` fetches the official files"


def _is_embedded(root: Path) -> bool:
    """Whether these are the weights inside the package, where official ones have no place."""
    from engines import catalog

    return root == catalog.MINI_WEIGHTS


def read(path: Path) -> Content:
    """Every tensor of a file, on the CPU, mapped where the format allows it. Raises CheckpointError."""
    if not path.is_file():
        raise errors.CheckpointMissing(f"{path} is not there")
    return _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)


def loaded_bytes(path: Path, item_bytes: int) -> int:
    """What a file's weights, or a folder's, take with `item_bytes` a number. Only headers are read, not the numbers."""
    return sum(math.prod(shape) for shape in shapes(path).values()) * item_bytes


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of a file's weights, or of the weights in a model's folder, by name. Raises CheckpointError."""
    if path.is_dir():
        shards = [p for p in path.iterdir() if p.suffix in (".safetensors", ".bin") and "projection" not in p.name]
        mapped = [shard for shard in shards if shard.suffix == ".safetensors"]  # read instead of the others, not with
        return {name: shape for shard in mapped or shards for name, shape in shapes(shard).items()}
    if path.suffix == ".safetensors":
        with opened(path) as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    return {name: tuple(tensor.shape) for name, tensor in _read_pickle(path).tensors.items()}


def config(text: str | None, sizes: type) -> dict[str, Any]:
    """The `config` of a checkpoint's metadata, whose keys are fields of the dataclass. Raises CheckpointInvalid."""
    try:
        stored = json.loads(text or "{}")
    except ValueError as error:
        raise errors.CheckpointInvalid(f"the stored configuration is not JSON: {error}") from error
    unknown = stored.keys() - {known.name for known in fields(sizes)} if isinstance(stored, dict) else {"no object"}
    if unknown:
        raise errors.CheckpointInvalid(f"the stored configuration has unknown entries: {', '.join(sorted(unknown))}")
    return dict(stored)


def below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names start with the prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def fill(module: nn.Module, state: Mapping[str, Tensor], source: str, device: torch.device, dtype: torch.dtype) -> None:
    """Give a module on the meta device its weights. `source` is for messages. Raises CheckpointInvalid.

    Tensors are moved one by one: a mapped file is converted without a second copy of it in memory.
    """
    verify(source, {name: tensor.shape for name, tensor in module.state_dict().items()}, state)
    if packed := [name for name, tensor in state.items() if not tensor.is_floating_point()]:
        raise errors.CheckpointInvalid(f"{source} does not fit: {_first_of('without fractions', packed)}")
    moved = {name: tensor.to(device, dtype).contiguous() for name, tensor in state.items()}
    require_numbers(source, moved)
    module.load_state_dict(moved, assign=True)
    module.requires_grad_(False)


def verify(source: str, expected: Mapping[str, Iterable[int]], state: Mapping[str, Tensor]) -> None:
    """Raise CheckpointInvalid unless the state has exactly the expected names and shapes."""
    faults = {
        "missing": [name for name in expected if name not in state],
        "unexpected": [name for name in state if name not in expected],
        "misshaped": [
            f"{name} {list(state[name].shape)} instead of {list(shape)}"
            for name, shape in expected.items()
            if name in state and tuple(state[name].shape) != tuple(shape)
        ],
    }
    told = [_first_of(fault, names) for fault, names in faults.items() if names]
    if told:
        raise errors.CheckpointInvalid(f"{source} does not fit: {'; '.join(told)}")


def require_numbers(source: str, state: Mapping[str, Tensor]) -> None:
    """Raise CheckpointInvalid where a weight is infinite or no number: it would paint for minutes, and nothing."""
    real = {name: tensor for name, tensor in state.items() if not tensor.is_meta}  # others have names and shapes alone
    broken = [name for name, tensor in real.items() if not bool(tensor.isfinite().all())]
    if broken:
        raise errors.CheckpointInvalid(f"{source} is damaged: {_first_of('not finite', broken)}")


def _first_of(fault: str, names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{fault} {', '.join(names[:SHOWN])}{more}"


def _read_safetensors(path: Path) -> Content:
    with opened(path) as file:
        return Content({name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {})  # noqa: SIM118


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A .safetensors file as its library opens it. Raises CheckpointInvalid."""
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            yield file
    except safetensors.SafetensorError as error:
        raise errors.CheckpointInvalid(f"{path.name} is not a safetensors file: {error}") from error
    except OSError as error:
        raise errors.CheckpointInvalid(f"{path} cannot be read: {error}") from error


def _read_pickle(path: Path) -> Content:
    loaded = unpickled(path)
    if not isinstance(loaded, dict):
        raise errors.CheckpointInvalid(f"{path.name} holds a {type(loaded).__name__} instead of a dict of weights")
    return Content(dict(_flat(loaded, "")))


def unpickled(path: Path) -> object:
    """What torch stored in a file, on the CPU, mapped where the format allows it; no code runs.

    Raises CheckpointInvalid.
    """
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except MemoryError:
        raise
    except Exception as error:  # a damaged pickle makes torch's reader fail in any way: IndexError, AssertionError...
        raise errors.CheckpointInvalid(f"{path.name} is not a checkpoint: {error or type(error).__name__}") from error


def _flat(tree: Mapping[str, object], prefix: str) -> Iterable[tuple[str, Tensor]]:
    import torch

    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, torch.Tensor):
            yield f"{prefix}{name}", value
