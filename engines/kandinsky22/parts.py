"""The components of Kandinsky 2.2 on one device, on the family's shelf; found when its first task comes.

Folders below the layout's directory, as diffusers writes them. A part that `model_index.json` gives as `[null, null]`
is the shared one of the layout: the MoVQ or the image encoder of Kandinsky 3, as in the miniature family.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from engines import checkpoints, errors, residency
from engines.kandinsky3 import image_encoder, movq
from engines.kandinsky3.family import Family
from engines.kandinsky22 import networks, schedules, words
from engines.kandinsky22.sampler import Network

M = TypeVar("M", bound=nn.Module)

PRIOR, DECODER = "kandinsky22_prior", "kandinsky22_decoder"
_DECODERS: Mapping[Network, str] = {
    Network.DECODER: DECODER,
    Network.INPAINTING: "kandinsky22_decoder_inpaint",
    Network.DEPTH: "kandinsky22_controlnet_depth",
}
# What `kandinsky-bot weights pull` fetches for each decoder.
_PULLED_AS: Mapping[Network, str] = {
    Network.DECODER: "kandinsky-2.2",
    Network.INPAINTING: "kandinsky-2.2-inpaint",
    Network.DEPTH: "kandinsky-2.2-depth",
}
_CONFIG = "config.json"


class Parts:
    """Components and schedules. Raises CheckpointMissing, CheckpointInvalid where text to image cannot be served."""

    def __init__(self, family: Family) -> None:
        self._family = family
        self._root = family.layout.root
        # published and used in float16: the range of bfloat16 is not needed, its missing digits would be missed
        self._dtype = torch.float32 if family.device.type == "cpu" else torch.float16
        self._require(Network.DECODER, f"{PRIOR}/prior", f"{PRIOR}/text_encoder", f"{DECODER}/unet")
        self._check_sizes()
        self.tokenizer = words.load_tokenizer(self._root / PRIOR / "tokenizer")
        self.prior_schedule = schedules.prior(self._root / PRIOR / "scheduler")
        self.schedule = schedules.decoder(self._root / DECODER / "scheduler")
        self.text_encoder = self._component(f"{PRIOR}/text_encoder", words.load_encoder)
        self.prior = self._component(f"{PRIOR}/prior", networks.load_prior)
        self.movq: residency.Component[movq.MoVQ] = (
            family.movq if self._is_shared(DECODER, "movq") else self._component(f"{DECODER}/movq", networks.load_movq)
        )
        self._decoders: dict[Network, residency.Component[networks.Decoder]] = {}

    @property
    def shelf(self) -> residency.Shelf:
        return self._family.shelf

    @property
    def device(self) -> torch.device:
        return self._family.device

    def decoder(self, network: Network) -> residency.Component[networks.Decoder]:
        """A network that paints. Raises CheckpointMissing, naming the command that fetches it."""
        if network not in self._decoders:
            folder = f"{_DECODERS[network]}/unet"
            self._require(network, folder)
            self._decoders[network] = self._component(folder, networks.load_decoder)
        return self._decoders[network]

    @functools.cached_property
    def image_encoder(self) -> residency.Component[image_encoder.ImageEncoder]:
        """CLIP's vision tower. Raises CheckpointMissing."""
        if self._is_shared(PRIOR, "image_encoder"):
            self._require(Network.DECODER, "image_encoder")
            return self._family.image_encoder()
        self._require(Network.DECODER, f"{PRIOR}/image_encoder")
        preprocessor = self._root / PRIOR / "image_processor"
        return self._component(
            f"{PRIOR}/image_encoder", functools.partial(image_encoder.load, preprocessor=preprocessor)
        )

    def _component(self, folder: str, load: Callable[[Path, torch.device, torch.dtype], M]) -> residency.Component[M]:
        return self._family.component(folder, load, self._root / folder, self._dtype)

    def _require(self, network: Network, *folders: str) -> None:
        absent = [folder for folder in folders if not (self._root / folder / _CONFIG).is_file()]
        if absent:
            raise checkpoints.missing(_PULLED_AS[network], absent, self._root)

    def _is_shared(self, folder: str, part: str) -> bool:
        return _read(self._root / folder / "model_index.json").get(part) == [None, None]

    def _check_sizes(self) -> None:
        """One width of embeddings runs through all networks; a mixture of checkpoints is found here."""
        prior, text, unet = (
            _read(self._root / folder / _CONFIG)
            for folder in (f"{PRIOR}/prior", f"{PRIOR}/text_encoder", f"{DECODER}/unet")
        )
        widths = {prior.get("embedding_dim"), text.get("projection_dim"), unet.get("encoder_hid_dim")}
        if len(widths) > 1:
            raise errors.CheckpointInvalid(f"{PRIOR} and {DECODER} do not fit: their embeddings have widths {widths}")


def _read(path: Path) -> dict[str, Any]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise errors.CheckpointMissing(f"{path} is not there") from error
    except ValueError as error:
        raise errors.CheckpointInvalid(f"{path} is not JSON: {error}") from error
    return dict(read)
