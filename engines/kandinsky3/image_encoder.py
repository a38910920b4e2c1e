"""The image encoder: CLIP's vision tower with projection, one embedding a picture (paper, 5.4: ViT-L/14, 768 numbers).

Stock transformers classes from a folder in their layout: config.json, preprocessor_config.json and the weights. Sizes
are those of the folder's configuration.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from engines import bridges, checkpoints, errors

CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"


class ImageEncoder(nn.Module):
    """A vision tower and how pictures are prepared for it.

    Pictures are resized to the short side (bicubic), cropped to the middle square and normalised; by Pillow, as when
    CLIP was trained.
    """

    def __init__(self, model: Any, processor: Any) -> None:
        super().__init__()
        self.model = model
        self._processor = processor

    @property
    def embedding_dim(self) -> int:
        return int(self.model.config.projection_dim)

    @torch.inference_mode()
    def embed(self, image: Image.Image) -> Tensor:
        """The embedding [embedding_dim] of an RGB picture of any size, float32 on the CPU."""
        return self.embed_pixels(self.pixels(image).unsqueeze(0))[0]

    @torch.inference_mode()
    def embed_nothing(self) -> Tensor:
        """The embedding [embedding_dim] of a tensor of zeros, which is the mean grey of CLIP's pictures and not black.

        The fork's guidance takes it for no picture; a vector of zeros is another thing.
        """
        side = int(self.model.config.image_size)
        return self.embed_pixels(torch.zeros(1, 3, side, side))[0]

    def pixels(self, image: Image.Image) -> Tensor:
        """The tower's input [3, side, side], float32."""
        prepared: Tensor = self._processor(image, return_tensors="pt")["pixel_values"][0]
        return prepared

    def embed_pixels(self, pixels: Tensor) -> Tensor:
        """Embeddings [b, embedding_dim] of prepared pixels [b, 3, side, side], float32 on the CPU."""
        pooled: Tensor = self.model(pixel_values=pixels.to(self.model.device, self.model.dtype)).image_embeds
        return pooled.float().cpu()


def fused(embeddings: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Σ weight · embedding, weights as they are: halves of a whole, or more or less than one."""
    return torch.stack([weight * embedding for embedding, weight in zip(embeddings, weights, strict=True)]).sum(dim=0)


def load(folder: Path, device: torch.device, dtype: torch.dtype, *, preprocessor: Path | None = None) -> ImageEncoder:
    """The encoder in a folder, its preprocessing there or in one of its own. Raises CheckpointError."""
    transformers = _transformers()
    with _as_checkpoint_errors(folder):
        processor = transformers.CLIPImageProcessorPil.from_pretrained(preprocessor or folder, local_files_only=True)
        model, told = transformers.CLIPVisionModelWithProjection.from_pretrained(
            folder, dtype=dtype, local_files_only=True, output_loading_info=True
        )
    if told["missing_keys"]:
        raise errors.CheckpointInvalid(f"{folder.name} does not fit: missing {sorted(told['missing_keys'])[:3]}")
    side, crop = int(model.config.image_size), processor.crop_size
    if (crop["height"], crop["width"]) != (side, side):
        raise errors.CheckpointInvalid(f"{folder.name}: {PREPROCESSOR} does not cut to the {side} px of {CONFIG}")
    model = model.requires_grad_(False).to(device).eval()
    checkpoints.require_numbers(folder.name, model.state_dict())
    return ImageEncoder(model, processor)


def from_state(config: Mapping[str, object], state: Mapping[str, Tensor]) -> ImageEncoder:
    """A float32 encoder on the CPU from a configuration and weights under transformers' names.

    Raises CheckpointInvalid.
    """
    transformers = _transformers()
    model = transformers.CLIPVisionModelWithProjection(transformers.CLIPVisionConfig(**config))
    checkpoints.verify("clip", {name: tensor.shape for name, tensor in model.state_dict().items()}, state)
    model.load_state_dict(state)
    side = int(model.config.image_size)
    processor = transformers.CLIPImageProcessorPil(
        size={"shortest_edge": side}, crop_size={"height": side, "width": side}
    )
    return ImageEncoder(model.requires_grad_(False).eval(), processor)


def _transformers() -> Any:
    bridges.install()
    import transformers

    transformers.utils.logging.disable_progress_bar()
    return transformers


@contextlib.contextmanager
def _as_checkpoint_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise errors.CheckpointMissing(f"no image encoder in {folder}: {error}") from error
    except (RuntimeError, ValueError, KeyError) as error:
        raise errors.CheckpointInvalid(f"the image encoder in {folder} cannot be read: {error}") from error
