"""The committed weights back into the workspace, so that a training can go on from them on any machine.

Checkpoints are never committed; the exported weights are. What an export leaves out begins anew: the optimiser's
moments, the average, the readers of the text encoder. A checkpoint that is there stays as it is.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import T5EncoderModel

from engines.kandinsky3 import keymaps
from training import base, config, export, flash, movq, text_encoder


def begin(module: nn.Module, recipe: str) -> None:
    """A checkpoint of `recipe` at step 0 with the weights of `module`."""
    target = config.workspace() / recipe / "checkpoint.pt"
    target.parent.mkdir(parents=True, exist_ok=True)
    zero: dict[str, object] = {"optimiser": None, "average": {}, "updates": 0, "step": 0, "seconds": 0.0}
    partial = target.with_suffix(".tmp")
    torch.save({"module": module.state_dict(), **zero}, partial)
    partial.replace(target)
    (target.parent / config.RESTORED).touch()


def tensors_of(path: Path) -> dict[str, Tensor]:
    """A file's tensors as float32."""
    return {name: value.float() for name, value in load_file(path).items()}


def restored_text(folder: Path) -> None:
    """The text encoder with readers that have learned nothing yet, and the tokenizer."""
    source = folder / export.TEXT_FOLDER
    target = config.workspace() / "text" / "tokenizer.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    Tokenizer.from_file(str(source / "tokenizer.json")).save(str(target))
    torch.manual_seed(0)
    encoder = T5EncoderModel.from_pretrained(source, dtype=torch.float32)
    begin(text_encoder.Reader(encoder, config.TextConfig().d_model), "text")


def restored_movq(folder: Path) -> None:
    """The folded autoencoder. Its decoder is the one that was exported: the recipe `decoder` goes on from it."""
    settings = config.MovqConfig()
    autoencoder = movq.build(settings.original)
    tensors = tensors_of(folder / "movq.safetensors")
    state = keymaps.movq_to_stock(tensors, levels=len(settings.original["ch_mult"]))
    # the codebook is not exported and never used
    autoencoder.load_state_dict(
        state | {name: value for name, value in autoencoder.state_dict().items() if name.startswith("quantize.")}
    )
    target = config.workspace() / "movq" / "folded.pt"
    target.parent.mkdir(parents=True, exist_ok=True)
    torch.save(autoencoder.state_dict(), target)


def painter_state(tensors: dict[str, Tensor], folder: Path, name: str) -> dict[str, Tensor]:
    """The state of a `base.Painter` from the exported tensors of its U-Net and the file of its projection."""
    unet = {key.removeprefix("unet."): value for key, value in tensors.items() if key.startswith("unet.")}
    state = {f"unet.{key}": value for key, value in keymaps.unet_to_stock(unet).items()}
    projection = tensors_of(folder / export.TEXT_FOLDER / f"projection{name}.safetensors")
    state |= {f"projection.{key}": value for key, value in projection.items()}
    return state | {key: value for key, value in tensors.items() if key == "null_embedding"}


def painter(folder: Path, name: str, into: base.Painter | None = None) -> base.Painter:
    """The painter of `kandinsky3<name>.safetensors`; `into` where it is not a base."""
    made = into or base.Painter(config.BaseConfig().original)
    tensors = tensors_of(folder / f"kandinsky3{name}.safetensors")
    made.load_state_dict(painter_state(tensors, folder, name))
    return made


def restored_base(folder: Path) -> None:
    begin(painter(folder, ""), "base")


def restored_flash(folder: Path) -> None:
    """The student; the heads of its judge have learned nothing yet."""
    torch.manual_seed(0)
    distillation = flash.Distillation(painter(folder, ""), config.FlashConfig())
    painter(folder, "_flash", distillation.student)
    begin(distillation, "flash")


def restore(folder: Path = export.WEIGHTS) -> list[str]:
    """Bring back every recipe whose export is in `folder` and that has no checkpoint yet; their names."""
    makers: dict[str, tuple[str, Callable[[Path], None]]] = {
        "text": ("text/checkpoint.pt", restored_text),
        "movq": ("movq/folded.pt", restored_movq),
        "base": ("base/checkpoint.pt", restored_base),
        "flash": ("flash/checkpoint.pt", restored_flash),
    }
    missing = [name for name, (path, _) in makers.items() if not (config.workspace() / path).exists()]
    for name in missing:
        makers[name][1](folder)
    return missing
