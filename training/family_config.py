"""Every number of the recipes beyond text to image; `config.py` has those of MoVQ, text encoder, base and Flash."""

from dataclasses import dataclass, field
from typing import Any

from engines import tasks
from training import config


@dataclass(frozen=True, slots=True)
class InpaintingConfig:
    """Paper section 5.3: the base U-Net with five more input channels, zero at first."""

    original: dict[str, Any] = field(default_factory=lambda: config.BaseConfig().original | {"num_channels": 9})
    chunks: int = 8  # of the bank, each row with masks of its own
    covering: float = 0.62  # share of masks that lie over an object ...
    surrounding: float = 0.13  # ... and that leave only a window: outpainting; the rest lie anywhere
    steps: int = 2500
    batch: int = 32
    learning_rate: float = 5e-4
    ema: float = 0.998
    unconditional: float = 0.10
    outpainted: float = 0.35  # share of samples of which only a window is left: most of what is marked is background
    silent: float = 0.35  # share of the others with the empty text ...
    silent_windows: float = 0.8  # ... and of windows: what is kept then says what belongs there
    early: float = 0.45  # share of samples at the times when colours are still unknown: there the kept part is needed


@dataclass(frozen=True, slots=True)
class ClipConfig:
    """The image encoder of sections 5.4 and 3 (Kandinsky 2.2), at 1/350 of ViT-L/14, and the text tower beside it."""

    image_px: int = 96
    patch_px: int = 12
    width: int = 128
    layers: int = 4
    heads: int = 4
    d_ff: int = 384
    projection: int = 128
    text_layers: int = 3
    text_tokens: int = 48  # CLIP has 77
    pool: int = 5000  # groups of scenes that are kept as pictures
    easy_pool: int = 1200  # of the single objects that the picture tower begins with: they soon are too easy
    fresh: int = 12  # groups a step that are new while the pool grows, and then replace old ones
    steps: int = 9000
    batch: int = 32  # groups: a scene, and one that differs from it in one attribute
    learning_rate: float = 1e-3
    ema: float = 0.995
    reading: float = 0.5  # weight of reading the attributes off embedding and patches by linear maps
    blending: float = 1.0  # weight of reading both objects off a sum of two embeddings, as a fusion has it
    eye_first: float = 0.5  # share of the run in which only the picture tower learns, by reading


@dataclass(frozen=True, slots=True)
class ImagePromptConfig:
    """Paper section 5.4, IP-Adapter: image attention beside the text's in every cross-attention of the frozen base."""

    tokens: int = 4
    chunks: int = 8
    # What a sample shows and says, see `image_prompt.KINDS`.
    shares: tuple[float, ...] = (0.10, 0.24, 0.26, 0.18, 0.06, 0.06, 0.10)
    embedding_noise: float = 0.1  # of the embedding's own spread: nearby embeddings mean alike
    weight_cap: float = 200.0  # of the loss
    early: float = 0.5  # share of samples at the times when colours and layout are unknown: there a picture says them
    steps: int = 6000
    batch: int = 32
    learning_rate: float = 1e-3
    ema: float = 0.998


@dataclass(frozen=True, slots=True)
class TogetherConfig:
    """Base and image prompt together, after each has been trained alone."""

    text_batch: int = 16
    image_batch: int = 24
    base_rate: float = 0.4  # of the adapter's
    steps: int = 2500
    learning_rate: float = 1e-3
    ema: float = 0.998


@dataclass(frozen=True, slots=True)
class HedConfig:
    """The edge detector of section 5.4 (style transfer): HED at small widths."""

    widths: tuple[int, ...] = (8, 16, 24, 32, 32)
    scenes: int = 2500
    steps: int = 900
    batch: int = 8
    learning_rate: float = 2e-3
    ema: float = 0.99
    sides: float = 0.4  # weight of the five side outputs beside their mean


@dataclass(frozen=True, slots=True)
class HintConfig:
    """What a hint block learns alone before a U-Net hears it."""

    steps: int = 200
    batch: int = 16
    learning_rate: float = 2e-3
    ema: float | None = None
    loudness: float = 0.2  # of what it says at first, beside 0.3 of the first layer's own


@dataclass(frozen=True, slots=True)
class EdgesConfig:
    """Paper section 5.4, style transfer: the whole U-Net tuned with a hint block on edges."""

    chunks: int = 8
    steps: int = 2000
    batch: int = 24
    hints: HintConfig = field(default_factory=HintConfig)
    learning_rate: float = 5e-4
    ema: float = 0.998
    unconditional: float = 0.10
    silent_at_first: float = 0.3  # in the first half: what there is must be seen in the hint
    weight_cap: float = (
        20.0  # of the loss; at 200 a hint was but a disturbance of the earliest steps, and was unlearned
    )
    hintless: float = 0.05  # share of samples without a hint


@dataclass(frozen=True, slots=True)
class SideConfig:
    """A side network of version 2 on the frozen base: depth, or drawings."""

    control: tasks.Control = tasks.Control.SCRIBBLE
    chunks: int = 8
    steps: int = 2000
    batch: int = 24
    hints: HintConfig = field(default_factory=HintConfig)
    learning_rate: float = 1e-3
    ema: float = 0.998
    wordless: float = 0.10  # share of samples with the empty text or with silent zeros ...
    wordless_at_first: float = 0.3  # ... and in the first half
    weight_cap: float = 20.0  # of the loss, as for edges


@dataclass(frozen=True, slots=True)
class Painted:
    """Small pictures that have been through the autoencoder, for super-resolution."""

    share: float = 0.4
    noise: float = 0.15  # of the latents' spread, at most: how far a U-Net is off


@dataclass(frozen=True, slots=True)
class SuperResolutionConfig:
    """KandiSuperRes: a U-Net over pixels that predicts x0, at 1/300 of its size; `factor` 2 or 4."""

    factor: int = 2
    original: dict[str, Any] = field(
        default_factory=lambda: {
            "model_channels": 24,
            "init_channels": 24,
            "dim_mult": [1, 2, 2, 2],
            "num_resnet_blocks": [2, 2, 2, 2],
            "groups": 6,
            "time_embed_dim": 64,
            "num_channels": 3,
        }
    )
    scenes: int = 500  # kept as large pictures
    crop_px: int = 64
    steps: int = 6000
    batch: int = 8
    whole_from: float = 0.6  # share of the run after which crops of twice the side, fewer, take turns with the small
    learning_rate: float = 1e-3
    ema: float = 0.998
    edge_weight: float = 3.0
    painted: Painted = field(default_factory=Painted)
    at_times: float = 0.6  # share of samples at the times of the sampler that will be used; the rest at any time


@dataclass(frozen=True, slots=True)
class PriorConfig:
    """Kandinsky 2.2, first half: from text to the CLIP embedding of a picture."""

    heads: int = 4
    head_dim: int = 32
    layers: int = 6
    clip_range: float = 5.0  # of the sampler, in deviations of an embedding's number
    chunks: int = 8
    steps: int = 3000
    batch: int = 64
    learning_rate: float = 1e-3
    ema: float = 0.998
    unconditional: float = 0.10


@dataclass(frozen=True, slots=True)
class Decoder22Config:
    """Kandinsky 2.2, second half: from the CLIP embedding to latents."""

    widths: tuple[int, ...] = (32, 64, 128)
    layers: int = 1
    head_dim: int = 32
    groups: int = 16
    first_beta: float = 0.00085  # linear, as in the official decoder
    last_beta: float = 0.012
    chunks: int = 8
    embedding_noise: float = 0.15  # at most, of the embeddings' spread: the prior's embeddings are not exact
    singles: float = 0.9  # share of samples with one object
    weight_cap: float = 50.0  # of the loss: at 200 colours came first, and shapes not at all in 2,600 steps
    steps: int = 4000
    batch: int = 32
    learning_rate: float = 1e-3
    ema: float = 0.998
    unconditional: float = 0.10


@dataclass(frozen=True, slots=True)
class Inpainting22Config:
    """Kandinsky 2.2, inpainting: the decoder with five more input channels, zero at first."""

    decoder: Decoder22Config = field(default_factory=Decoder22Config)
    covering: float = 0.70  # share of masks that lie over an object ...
    surrounding: float = 0.05  # ... and that leave only a window: 2.2 has no outpainting; the rest lie anywhere
    composed: float = 0.5  # share of embeddings that do not tell where things are, as a prompt's do not
    steps: int = 4000
    batch: int = 32
    learning_rate: float = 5e-4
    ema: float = 0.998


@dataclass(frozen=True, slots=True)
class Depth22Config:
    """Kandinsky 2.2, control by depth: the decoder with an encoder of hints and four more input channels."""

    decoder: Decoder22Config = field(default_factory=Decoder22Config)
    composed: float = 0.7  # share of embeddings that do not tell where things are, as a prompt's do not
    steps: int = 4000
    batch: int = 32
    learning_rate: float = 5e-4
    ema: float = 0.998
