"""Trained checkpoints to the on-disk layout of the big family: original key names, safetensors, one folder.

Weights are stored as fp16 (half the size; the pictures differ by less than one grey level), files are written beside
their place and renamed, so that a reader never sees half of one.
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from engines.kandinsky3 import keymaps
from training import base, config, flash, movq, text_encoder, tokenizer

WEIGHTS = Path(__file__).resolve().parent.parent / "engines" / "mini" / "weights"
TEXT_FOLDER = "flan_ul2_encoder"


def save(
    tensors: dict[str, Tensor], target: Path, metadata: dict[str, str] | None = None, dtype: torch.dtype = torch.float16
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".tmp")
    save_file({k: v.detach().to(dtype).contiguous() for k, v in tensors.items()}, partial, metadata)
    partial.replace(target)


def write_movq(model: movq.VQModel, original: dict[str, Any], folder: Path) -> None:
    tensors = keymaps.movq_to_original(model.state_dict(), levels=len(original["ch_mult"]))
    save(tensors, folder / "movq.safetensors", {"config": json.dumps(original, sort_keys=True)})


def write_painter(painter: base.Painter, original: dict[str, Any], name: str, folder: Path) -> None:
    """`kandinsky3[_flash].safetensors` and its `projection[_flash].safetensors`."""
    unet = keymaps.unet_to_original(painter.unet.state_dict())
    tensors = {f"unet.{key}": value for key, value in unet.items()} | {"null_embedding": painter.null_embedding}
    save(tensors, folder / f"kandinsky3{name}.safetensors", {"config": json.dumps(original, sort_keys=True)})
    save(painter.projection.state_dict(), folder / TEXT_FOLDER / f"projection{name}.safetensors")


def write_text(folder: Path) -> None:
    """The encoder as transformers saves it, and its tokenizer."""
    encoder, processor = text_encoder.load(config.TextConfig())
    target = folder / TEXT_FOLDER
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as partial:
        encoder.half().save_pretrained(partial)
        tokenizer.save(processor, Path(partial))
        for path in Path(partial).iterdir():
            shutil.move(path, target / path.name)


def write(folder: Path = WEIGHTS) -> None:
    """Export whatever is trained; Flash is the base model's copy until it has been distilled."""
    movq_config, base_config = config.MovqConfig(), config.BaseConfig()
    folder.mkdir(parents=True, exist_ok=True)
    write_movq(movq.load(movq_config), movq_config.original, folder)
    write_text(folder)
    write_painter(base.load("base", base_config.original), base_config.original, "", folder)
    distilled = (config.workspace() / "flash" / "checkpoint.pt").exists()
    distilled_or_copy = flash.load() if distilled else base.load("base", base_config.original)
    write_painter(distilled_or_copy, base_config.original, "_flash", folder)
