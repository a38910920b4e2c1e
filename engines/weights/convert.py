"""Published files into the layout that the engines load: once, tensor by tensor, without running code of a pickle.

Names stay those of the original checkpoints: the engines speak them (`engines.kandinsky3.keymaps`). What changes is the
container, which can be mapped, and the wrapping: the prefix `unet.` that super-resolution files may have and the fork's
U-Nets lack, and projections of the text that Kandinsky 3.0 and the fork keep inside and 3.1 beside the text encoder.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engines import checkpoints, errors
from engines.weights import disk, lock
from engines.weights.manifest import Form, Part

if TYPE_CHECKING:
    from torch import Tensor

INDEX = "model.safetensors.index.json"
REFINE_CONTEXT = "kandi_super_res_context.safetensors"
REFINE_TENSORS = ("context", "context_mask")
METADATA = {"format": "pt"}  # transformers asks for it
UNET = "unet."
OLD_PROJECTION = "projections.t5."  # Kandinsky 3.0
_FORK_PROJECTION = {
    "projection_lin.weight": "0.weight",
    "projection_ln.weight": "1.weight",
    "projection_ln.bias": "1.bias",
}
_PROJECTION_OF = {"kandinsky3": "projection", "kandinsky3_inpainting": "projection_inpainting"}


def convert(
    source: Path,
    root: Path,
    target: str,
    part: Part,
    half: bool = False,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> dict[str, lock.Entry]:
    """Convert one published file; what was written, by path below the root. Usually that is `target` alone.

    With `half` its numbers take the 16-bit type of the part, where it has one; projections keep theirs. Raises
    CheckpointInvalid, NoRoom.
    """
    import torch

    from engines.weights import stream

    written: dict[str, lock.Entry] = {}
    content = checkpoints.read(source).tensors
    if not content:
        raise errors.CheckpointInvalid(f"{source.name} holds no tensors")
    for path, tensors in renamed(content, part, target).items():
        try:
            dtype = getattr(torch, part.half) if half and part.half is not None and path == target else None
            written[path] = stream.write(root / path, tensors, METADATA, dtype, on_bytes)
        except OSError as error:
            raise disk.failure(error, f"{source.name} cannot be converted") from error
    return written


def refine_context(root: Path) -> lock.Entry | None:
    """Join what the refine pass of KandiSuperRes hears; None where its two files were not put there.

    Its repository of code keeps them as bare tensors, `context.pt` and `context_mask.pt`. Raises CheckpointInvalid.
    """
    import torch

    from engines.weights import stream

    places = {name: root / f"{name}.pt" for name in REFINE_TENSORS}
    if not all(place.is_file() for place in places.values()):
        return None
    tensors: dict[str, Tensor] = {}
    for name, place in places.items():
        loaded = checkpoints.unpickled(place)
        if not isinstance(loaded, torch.Tensor):
            raise errors.CheckpointInvalid(f"{place.name} holds a {type(loaded).__name__} instead of a tensor")
        tensors[name] = loaded
    return stream.write(root / REFINE_CONTEXT, tensors, METADATA)


def index(folder: Path) -> lock.Entry | None:
    """Write the index of a model in several shards; None for a model in one file. Raises CheckpointInvalid."""
    shards = sorted(folder.glob("model-*-of-*.safetensors"))
    if not shards:
        return None
    count = int(shards[0].stem.rpartition("-")[2])
    if len(shards) != count:
        raise errors.CheckpointInvalid(f"{folder.name} has {len(shards)} of {count} shards of its model")
    places: dict[str, str] = {}
    total_bytes = 0
    for shard in shards:
        with checkpoints.opened(shard) as file:
            for name in file.keys():  # noqa: SIM118 # no mapping
                places[name] = shard.name
                part = file.get_slice(name)
                total_bytes += math.prod(part.get_shape()) * _ITEM_BYTES[part.get_dtype()]
    text = json.dumps({"metadata": {"total_size": total_bytes}, "weight_map": places}, indent=2, sort_keys=True)
    content = f"{text}\n".encode()
    disk.replace(folder / INDEX, content)
    return lock.Entry(len(content), hashlib.sha256(content).hexdigest())


_ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


def renamed(tensors: Mapping[str, Tensor], part: Part, target: str) -> dict[str, Mapping[str, Tensor]]:
    """What becomes of a published file's tensors: ours, by the path of the file. Raises CheckpointInvalid."""
    if part.form is Form.BARE:
        return {target: _without(UNET, tensors)}
    if part.form is Form.FORK:
        return _fork(_without(UNET, tensors), part, target)
    old = checkpoints.below(OLD_PROJECTION, tensors)
    if not old:
        return {target: tensors}
    if part.place not in _PROJECTION_OF:
        raise errors.CheckpointInvalid(f"{part.pattern} has a projection of its own, and {part.place} takes none")
    own = {name: tensor for name, tensor in tensors.items() if not name.startswith("projections.")}
    return {target: own, _projection(_PROJECTION_OF[part.place]): old}


def _fork(tensors: Mapping[str, Tensor], part: Part, target: str) -> dict[str, Mapping[str, Tensor]]:
    network = {f"{UNET}{name}": tensor for name, tensor in tensors.items() if name not in _FORK_PROJECTION}
    inside = {_FORK_PROJECTION[name]: tensor for name, tensor in tensors.items() if name in _FORK_PROJECTION}
    if not inside:
        return {target: network}
    if part.projection is None:
        raise errors.CheckpointInvalid(f"{target} has a projection inside, and the manifest has no place for it")
    return {target: network, _projection(part.projection): inside}


def _projection(stem: str) -> str:
    return f"{checkpoints.ENCODER}/{stem}.safetensors"


def _without(prefix: str, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Tensors without a prefix, where it is there; others beside them (an optimiser's) are left behind."""
    return checkpoints.below(prefix, tensors) or tensors
