"""Every number of every recipe, in one place. Units in names; sources beside what comes from the paper."""

import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

RESTORED = "restored"  # a file beside a checkpoint whose log goes on from an earlier one that is not here


def workspace() -> Path:
    """Where checkpoints, caches and logs of a training lie; never inside git."""
    path = Path(os.environ.get("KANDINSKY_TRAINING_DIR", "data/training"))
    path.mkdir(parents=True, exist_ok=True)
    return path


@dataclass(frozen=True, slots=True)
class MovqConfig:
    """Paper section 4, "Latent decoder": the MoVQ of Kandinsky, at 1/250 of its size."""

    original: dict[str, Any] = field(
        default_factory=lambda: {
            "ch": 32,
            "ch_mult": [1, 1, 2, 2],
            "num_res_blocks": 1,
            "z_channels": 4,
            "resolution": 128,
            "attn_resolutions": [16],
            "double_z": False,
            "dropout": 0.0,
            "in_channels": 3,
            "out_ch": 3,
        }
    )
    scenes: int = 3000
    steps: int = 4500
    batch: int = 4
    crop_px: int = 64
    whole_from: float = 0.6  # share of the run after which whole 128 px pictures replace crops
    whole_batch: int = 3
    learning_rate: float = 2e-3
    edge_weight: float = 4.0
    latent_noise: float = 0.35  # at most, of the latent's own spread: nearby latents decode alike
    latent_reach: float = 0.75  # 99 % of the folded latents: guidance overshoots, and the sampler's limit is 1
    transform_shares: tuple[float, ...] = (0.55, 0.15, 0.15, 0.15)  # none, mirror, turn, halve
    ema: float = 0.998


@dataclass(frozen=True, slots=True)
class TextConfig:
    """The stand-in for the FLAN-UL2 encoder (paper section 4): a T5 v1.1 encoder of 4 layers."""

    d_model: int = 128
    d_kv: int = 32
    heads: int = 4
    d_ff: int = 256
    layers: int = 4
    steps: int = 3000
    batch: int = 96
    learning_rate: float = 2e-3
    ema: float | None = None
    word_noise: float = 0.06


@dataclass(frozen=True, slots=True)
class BaseConfig:
    """Kandinsky 3 U-Net (paper section 4 and table 1) at 1/300 of its size; original names of its parameters."""

    original: dict[str, Any] = field(
        default_factory=lambda: {
            "model_channels": 32,
            "init_channels": 16,
            "dim_mult": [1, 2, 3, 4],
            "num_blocks": [2, 2, 2, 2],
            "groups": 8,
            "head_dim": 32,
            "time_embed_dim": 192,
            "context_dim": 128,
            "num_channels": 4,
            "out_channels": 4,
            "expansion_ratio": 4,
            "compression_ratio": 2,
            "add_cross_attention": [False, True, True, True],
            "add_self_attention": [False, True, True, True],
        }
    )
    steps: int = 20000
    batch: int = 32
    learning_rate: float = 1e-3
    ema: float = 0.999
    chunks: int = 22  # of 2,000 scenes each, in the bank of latents
    prefer_simple: float = 0.2  # share of the scenes that are neither flat nor single which is passed over
    prefer_nested: float = 0.5  # of scenes without an object inside another: the hardest relation comes twice as often
    unconditional: float = 0.10  # share of samples that see the null embedding, for guidance


@dataclass(frozen=True, slots=True)
class FlashConfig:
    """Kandinsky 3 Flash (paper section 5.1 and appendix A): four steps, no guidance."""

    times: tuple[int, ...] = (979, 729, 479, 229)
    steps: int = 4000
    batch: int = 24
    learning_rate: float = 3e-4  # of the generator; the paper's 1e-5 is for 350 times as many parameters
    judge_rate: float = 4.0  # learning rate of the discriminator's heads in generator rates (paper: 100)
    adversarial_from: float = 0.5  # share of the run that is regression alone
    adversarial: float = 0.02  # weight of the generator's Wasserstein loss ...
    regression: float = 1.0  # ... beside that of the regression that stays in (paper: none)
    gradient_penalty: float = 1.0
    judge_before: int = 600  # the discriminator reads latents noised to a time below this
    ema: float = 0.995
    guidance: float = 3.0


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """The second half of the MoVQ recipe: the decoder alone, on latents as base and Flash paint them."""

    scenes: int = 3000
    steps: int = 3000
    batch: int = 4  # half of it with noise, half repainted
    learning_rate: float = 8e-4
    latent_noise: float = 0.2
    repaint_before: int = 350
    edge_weight: float = 4.0
    l2: float = 0.5  # weight of the squared error beside the absolute one; more of it blurs edges
    border_weight: float = 2.0
    ema: float = 0.995


S = TypeVar("S", MovqConfig, BaseConfig, DecoderConfig, FlashConfig)


def at_rate(settings: S, rate: float | None) -> S:
    """The settings with another peak learning rate, where one is given."""
    return dataclasses.replace(settings, learning_rate=rate) if rate else settings
