"""Text encoders in the folders of transformers, whose errors become those of a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines import bridges, checkpoints, errors

if TYPE_CHECKING:
    import torch

SHOWN = 3  # names of missing weights that a message shows


def text_encoder(kind: str, folder: Path, device: torch.device, dtype: torch.dtype) -> Any:
    """The model of a transformers class in a folder, frozen, for inference.

    Raises CheckpointMissing, CheckpointInvalid. Weights that the folder lacks would be drawn at random: refused.
    """
    bridges.install()
    import transformers

    transformers.utils.logging.disable_progress_bar()
    try:
        model, told = getattr(transformers, kind).from_pretrained(
            folder, dtype=dtype, local_files_only=True, output_loading_info=True
        )
    except OSError as error:
        raise errors.CheckpointMissing(f"no text encoder in {folder}: {error}") from error
    except (RuntimeError, ValueError) as error:
        raise errors.CheckpointInvalid(f"the text encoder in {folder} cannot be read: {error}") from error
    if told["missing_keys"]:
        raise errors.CheckpointInvalid(f"{folder.name} does not fit: missing {sorted(told['missing_keys'])[:SHOWN]}")
    model = model.requires_grad_(False).to(device).eval()
    checkpoints.require_numbers(folder.name, model.state_dict())
    return model
