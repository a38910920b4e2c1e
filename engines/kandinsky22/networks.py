"""The two networks: the prior over embeddings and the decoder over latents, each row with its own timestep.

Stock diffusers classes from folders of the published layout, sizes from their configurations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engines import bridges, checkpoints, errors
from engines.kandinsky3 import movq
from engines.kandinsky22.words import Text

RESOLUTION = 256  # pixels a side in which the original names its levels; it only has to be the same everywhere


class Prior(nn.Module):
    """Predicts image embeddings from texts (stock `PriorTransformer`)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, embeddings: Tensor, times: Sequence[int], texts: Sequence[Text]) -> Tensor:
        """The predicted embeddings, float32 [b, d], of noisy ones [b, d], one text a row."""
        predicted: Tensor = self.model(
            self._own(embeddings),
            timestep=torch.tensor(times, device=self.model.device),
            proj_embedding=self._own(torch.stack([text.pooled for text in texts])),
            encoder_hidden_states=self._own(torch.stack([text.hidden for text in texts])),
            attention_mask=torch.stack([text.mask for text in texts]).to(self.model.device),
        ).predicted_image_embedding
        return predicted.float()

    def imagined(self, embedding: Tensor) -> Tensor:
        """A sampled embedding [d] back from the units in which the prior was trained."""
        mean, deviation = (one[0].float() for one in (self.model.clip_mean, self.model.clip_std))
        imagined: Tensor = embedding * deviation + mean
        return imagined

    def _own(self, one: Tensor) -> Tensor:
        return one.to(self.model.device, self.model.dtype)


class Decoder(nn.Module):
    """Predicts noise and variance in latents from embeddings (stock `UNet2DConditionModel`).

    Inpainting and control by depth are networks of their own with more input.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        latents: Tensor,
        times: Sequence[int],
        embeddings: Sequence[Tensor],
        hints: Sequence[Tensor] | None = None,
    ) -> Tensor:
        """Float32 [b, 2c, h, w]: noise, then variance.

        `latents` [b, c, h, w], or [b, 2c + 1, h, w] for inpainting; `embeddings` [d] a row; `hints` [3, 8h, 8w] in
        0..1 a row, for the network with depth only.
        """
        condition = {"image_embeds": self._own(torch.stack(list(embeddings)))}
        if hints is not None:
            condition["hint"] = self._own(torch.stack(list(hints)))
        predicted: Tensor = self.model(
            self._own(latents),
            torch.tensor(times, device=self.model.device),
            encoder_hidden_states=None,
            added_cond_kwargs=condition,
            return_dict=False,
        )[0]
        return predicted.float()

    def _own(self, one: Tensor) -> Tensor:
        return one.to(self.model.device, self.model.dtype)


def load_prior(folder: Path, device: torch.device, dtype: torch.dtype) -> Prior:
    """The prior in a folder. Raises CheckpointMissing, CheckpointInvalid."""
    bridges.install()
    from diffusers.models.transformers.prior_transformer import PriorTransformer

    return Prior(_stock(PriorTransformer, folder, device, dtype))


def load_decoder(folder: Path, device: torch.device, dtype: torch.dtype) -> Decoder:
    """A decoder in a folder. Raises CheckpointMissing, CheckpointInvalid."""
    bridges.install()
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    return Decoder(_stock(UNet2DConditionModel, folder, device, dtype))


def load_movq(folder: Path, device: torch.device, dtype: torch.dtype) -> movq.MoVQ:
    """A MoVQ in a diffusers folder as the family's own class. Raises CheckpointMissing, CheckpointInvalid.

    The codebook is left out: it takes no part in inference.
    """
    bridges.install()
    from diffusers.models.autoencoders.vq_model import VQModel

    stock = _stock(VQModel, folder, torch.device("cpu"), dtype)
    with torch.device("meta"):
        model = movq.MoVQ(_movq_config(stock.config, folder))
    state = {f"model.{name}": one for name, one in stock.state_dict().items() if not name.startswith("quantize.")}
    checkpoints.fill(model, state, str(folder), device, dtype)
    return model.eval()


def _movq_config(config: Mapping[str, Any], folder: Path) -> movq.MoVQConfig:
    """A stock configuration in the words of the original."""
    widths = config["block_out_channels"]
    if config["norm_type"] != "spatial" or config["norm_num_groups"] != 32 or any(w % widths[0] for w in widths):
        raise errors.CheckpointInvalid(f"{folder} is no MoVQ: it needs spatial norms of 32 groups and whole multiples")
    return movq.MoVQConfig(
        ch=widths[0],
        ch_mult=[width // widths[0] for width in widths],
        num_res_blocks=config["layers_per_block"],
        resolution=RESOLUTION,
        attn_resolutions=[RESOLUTION >> i for i, kind in enumerate(config["down_block_types"]) if "Attn" in kind],
        z_channels=config["latent_channels"],
        in_channels=config["in_channels"],
        out_ch=config["out_channels"],
    )


def _stock(kind: Any, folder: Path, device: torch.device, dtype: torch.dtype) -> Any:
    try:
        model, told = kind.from_pretrained(
            folder, torch_dtype=dtype, local_files_only=True, output_loading_info=True, use_safetensors=None
        )
    except OSError as error:
        raise errors.CheckpointMissing(f"no {kind.__name__} in {folder}: {error}") from error
    except (RuntimeError, ValueError, TypeError) as error:
        raise errors.CheckpointInvalid(f"the {kind.__name__} in {folder} cannot be read: {error}") from error
    if absent := told["missing_keys"]:
        raise errors.CheckpointInvalid(f"{folder} does not fit: missing {', '.join(sorted(absent)[:3])}")
    model = model.requires_grad_(False).to(device).eval()
    checkpoints.require_numbers(str(folder), model.state_dict())
    return model
