"""MoVQ: pictures to latents and back, eight times smaller, without scaling and without a codebook.

Stock `VQModel` from a configuration of the original form (ai-forever/Kandinsky-3 `__init__.py`, `movq.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engines import bridges, checkpoints, errors
from engines.kandinsky3 import keymaps

CPU = torch.device("cpu")
FACTOR = 8  # pixels a side of one latent, with the four resolutions of every published MoVQ


@dataclass(frozen=True, slots=True)
class MoVQConfig:
    """Sizes in the words of the original; the defaults are those of Kandinsky 3."""

    ch: int = 256
    ch_mult: Sequence[int] = (1, 2, 2, 4)
    num_res_blocks: int = 2
    attn_resolutions: Sequence[int] = (32,)
    resolution: int = 256
    z_channels: int = 4
    in_channels: int = 3
    out_ch: int = 3
    dropout: float = 0.0
    double_z: bool = False

    @classmethod
    def parse(cls, text: str | None) -> MoVQConfig:
        """The configuration stored as JSON in a checkpoint; without one, the defaults. Raises CheckpointInvalid."""
        return cls(**checkpoints.config(text, cls))

    @property
    def levels(self) -> int:
        return len(self.ch_mult)

    def attends(self, level: int) -> bool:
        """Whether the blocks of a level carry attention."""
        return self.resolution // 2**level in self.attn_resolutions


class MoVQ(nn.Module):
    """The image autoencoder. Values of pictures are in [-1, 1]."""

    def __init__(self, config: MoVQConfig) -> None:
        super().__init__()
        self.config = config
        self.model = _stock(config)

    def encode(self, pictures: Tensor) -> Tensor:
        """Float32 latents [b, 4, h/8, w/8] of pictures [b, 3, h, w]."""
        return torch.cat(
            [self.model.encode(self._own(one), return_dict=False)[0].float() for one in torch.split(pictures, 1)]
        )

    def decode(self, latents: Tensor) -> Tensor:
        """Float32 pictures [b, 3, h, w], unclipped, of latents [b, 4, h/8, w/8].

        One at a time: at 1024x1024 the decoder alone needs 5 GiB in bfloat16, so this bounds memory.
        """
        return torch.cat([self._decode(self._own(one)).float() for one in torch.split(latents, 1)])

    def decode_small(self, latents: Tensor) -> Tensor:
        """What `decode` gives, in one batch: for latents of so few pixels that memory is no matter."""
        return self._decode(self._own(latents)).float()

    def _decode(self, latent: Tensor) -> Tensor:
        picture: Tensor = self.model.decode(latent, force_not_quantize=True, return_dict=False)[0]
        return picture

    def _own(self, one: Tensor) -> Tensor:
        weight = next(self.model.parameters())
        return one.to(weight.device, weight.dtype)


def load(path: Path, device: torch.device, dtype: torch.dtype) -> MoVQ:
    """A MoVQ from `movq.pt` or `movq.safetensors`. Raises CheckpointMissing, CheckpointInvalid."""
    content = checkpoints.read(path)
    return from_original(MoVQConfig.parse(content.metadata.get("config")), content.tensors, path.name, device, dtype)


def from_original(
    config: MoVQConfig,
    tensors: Mapping[str, Tensor],
    source: str = "movq",
    device: torch.device = CPU,
    dtype: torch.dtype = torch.float32,
) -> MoVQ:
    """A MoVQ from weights under original names."""
    with torch.device("meta"):
        movq = MoVQ(config)
    stock = {f"model.{name}": tensor for name, tensor in keymaps.movq_to_stock(tensors, config.levels).items()}
    checkpoints.fill(movq, stock, source, device, dtype)
    return movq.eval()


def _stock(config: MoVQConfig) -> Any:
    bridges.install()
    from diffusers.models.autoencoders.vq_model import VQModel

    if config.double_z:
        raise errors.CheckpointInvalid(
            "this MoVQ configuration cannot be built: double_z belongs to variational models"
        )
    attention = [config.attends(level) for level in range(config.levels)]
    stock = VQModel(
        in_channels=config.in_channels,
        out_channels=config.out_ch,
        down_block_types=tuple("AttnDownEncoderBlock2D" if here else "DownEncoderBlock2D" for here in attention),
        up_block_types=tuple("AttnUpDecoderBlock2D" if here else "UpDecoderBlock2D" for here in reversed(attention)),
        block_out_channels=tuple(config.ch * factor for factor in config.ch_mult),
        layers_per_block=config.num_res_blocks,
        latent_channels=config.z_channels,
        num_vq_embeddings=1,
        norm_type="spatial",
    )
    stock.quantize = nn.Identity()  # the codebook takes no part in inference and is in no original checkpoint
    return stock
