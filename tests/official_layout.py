"""Repositories of the official layout with tiny random tensors, as bytes: what the hub double publishes."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Mapping

import torch

KANDINSKY = "ai-forever/Kandinsky3.1"
SUPER_RESOLUTION = "ai-forever/KandiSuperRes"
IMAGE_PROMPT = "ai-forever/kandinsky3_ip_adapter"
EDGES = "ai-forever/kandinsky3_controlnet_hed"
DEPTH = "ai-forever/kandinsky3_controlnet_v2_depth"
ANNOTATORS = "lllyasviel/Annotators"
PRIOR, DECODER = "kandinsky-community/kandinsky-2-2-prior", "kandinsky-community/kandinsky-2-2-decoder"

ENCODER = "weights/flan_ul2_encoder"
T5_CONFIG = {
    "architectures": ["T5EncoderModel"],
    "model_type": "t5",
    "d_model": 16,
    "d_kv": 4,
    "d_ff": 24,
    "num_heads": 2,
    "num_layers": 2,
    "vocab_size": 40,
    "feed_forward_proj": "gated-silu",
    "dense_act_fn": "silu",
    "is_gated_act": True,
    "tie_word_embeddings": False,
    "dtype": "float32",
}


def pickled(tree: Mapping[str, object]) -> bytes:
    """The bytes of a checkpoint."""
    buffer = io.BytesIO()
    torch.save(dict(tree), buffer)
    return buffer.getvalue()


def numbers(seed: int, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def network(seed: int) -> dict[str, object]:
    """A checkpoint like `kandinsky3.pt`."""
    unet = {"in_layer.weight": numbers(seed, 6, 4, 3, 3), "out_layer.0.bias": numbers(seed + 1, 6)}
    return {"unet": unet, "null_embedding": numbers(seed + 2, 16)}


def projection(seed: int) -> dict[str, torch.Tensor]:
    return {"0.weight": numbers(seed, 16, 16), "1.weight": numbers(seed + 1, 16), "1.bias": numbers(seed + 2, 16)}


def text_encoder() -> dict[str, torch.Tensor]:
    """The weights of a tiny T5 encoder under the names of transformers."""
    inner = {"k": (8, 16), "q": (8, 16), "v": (8, 16), "o": (16, 8)}
    shapes: dict[str, tuple[int, ...]] = {"shared.weight": (40, 16), "encoder.final_layer_norm.weight": (16,)}
    shapes["encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"] = (32, 2)
    for block in ("encoder.block.0.layer", "encoder.block.1.layer"):
        shapes |= {f"{block}.0.SelfAttention.{name}.weight": shape for name, shape in inner.items()}
        shapes |= {f"{block}.1.DenseReluDense.{name}.weight": (24, 16) for name in ("wi_0", "wi_1")}
        shapes |= {f"{block}.1.DenseReluDense.wo.weight": (16, 24)}
        shapes |= {f"{block}.{half}.layer_norm.weight": (16,) for half in (0, 1)}
    return {name: numbers(seed, *shape) for seed, (name, shape) in enumerate(sorted(shapes.items()))}


@functools.cache
def kandinsky() -> dict[str, bytes]:
    """The files of Kandinsky 3.1."""
    encoder = text_encoder()
    names = sorted(encoder)
    shards = {"1": names[: len(names) // 2], "2": names[len(names) // 2 :]}
    files = {
        f"{ENCODER}/pytorch_model-0000{number}-of-00002.bin": pickled({name: encoder[name] for name in held})
        for number, held in shards.items()
    }
    files[f"{ENCODER}/pytorch_model.bin.index.json"] = b'{"weight_map": {}}'
    files[f"{ENCODER}/config.json"] = json.dumps(T5_CONFIG).encode()
    files[f"{ENCODER}/spiece.model"] = b"not a real vocabulary"
    for seed, suffix in enumerate(("", "_flash", "_inpainting")):
        files[f"weights/kandinsky3{suffix}.pt"] = pickled(network(10 * seed))
        files[f"{ENCODER}/projection{suffix}.pt"] = pickled(projection(100 + 10 * seed))
    files["weights/movq.pt"] = pickled({"quant_conv.weight": numbers(7, 4, 4, 1, 1)})
    files["README.md"] = b"# Kandinsky"
    return files


def super_resolution() -> dict[str, bytes]:
    """The files of KandiSuperRes: bare names, names below `unet`, and half precision."""
    half = {"in_layer.weight": numbers(1, 3, 6, dtype=torch.float16), "steps": torch.tensor(5)}
    return {
        "KandiSuperRes.ckpt": pickled(half),
        "KandiSuperRes_x2.ckpt": pickled({"unet": {"in_layer.weight": numbers(2, 3, 6)}, "optimiser": {"lr": 0.1}}),
        "KandiSuperRes_flash_x2.pt": pickled({"unet": {"in_layer.weight": numbers(3, 3, 6)}}),
    }


def image_prompt() -> dict[str, bytes]:
    return {
        "unet/diffusion_pytorch_model.bin": pickled({"in_layer.weight": numbers(1, 6, 4, 3, 3)}),
        "image_encoder/config.json": b"{}",
        "image_encoder/model.safetensors": b"s" * 2000,
        "image_encoder/pytorch_model.bin": b"b" * 2000,
        "image_processor/preprocessor_config.json": b"{}",
        "text_encoder/pytorch_model.bin": b"t" * 2000,
    }


def prior() -> dict[str, bytes]:
    """A diffusers folder in both formats and two precisions."""
    return {
        "model_index.json": b"{}",
        "README.md": b"# Prior",
        "prior/config.json": b"{}",
        "prior/diffusion_pytorch_model.safetensors": b"p" * 2000,
        "prior/diffusion_pytorch_model.bin": b"q" * 2000,
        "prior/diffusion_pytorch_model.fp16.safetensors": b"h" * 1000,
        "text_encoder/pytorch_model.bin": b"t" * 2000,
        "tokenizer/vocab.json": b"{}",
    }
