"""A tiny family in the miniature layout, made of the golden fixtures' own random weights: it paints noise, quickly."""

from __future__ import annotations

import json
from pathlib import Path

import safetensors
import safetensors.torch
import tokenizers
import torch

FIXTURES = Path(__file__).parent / "engines" / "fixtures" / "kandinsky3"


def write(root: Path) -> None:
    """Fill a directory like `engines/mini/weights`."""
    encoder = root / "flan_ul2_encoder"
    encoder.mkdir()
    unet, unet_config = _golden("unet")
    network = {name: tensor for name, tensor in unet.items() if name.startswith("unet.") or name == "null_embedding"}
    for stem in ("kandinsky3", "kandinsky3_flash"):
        _write(root / f"{stem}.safetensors", network, unet_config)
    movq, movq_config = _golden("movq")
    _write(root / "movq.safetensors", _below("movq.", movq), movq_config)
    words, words_config = _golden("t5_condition")
    for stem in ("projection", "projection_flash"):
        _write(encoder / f"{stem}.safetensors", _below("projection.", words))
    _write(encoder / "model.safetensors", {"shared.weight": words["t5.shared.weight"]} | _encoder(words))
    config = {name: value for name, value in words_config.items() if name not in ("tokens_length", "context_dim")}
    (encoder / "config.json").write_text(
        json.dumps(config | {"architectures": ["T5EncoderModel"], "model_type": "t5", "dtype": "float32"})
    )
    _tokenizer(words_config["vocab_size"]).save(str(encoder / "tokenizer.json"))


def write_super_resolution(root: Path) -> None:
    """Add both super-resolution networks, with the same weights."""
    golden, said = _golden("super_resolution")
    config = {name: value for name, value in said.items() if not isinstance(value, dict)}
    for stem in ("kandi_super_res_x2_flash", "kandi_super_res_x4"):
        _write(root / f"{stem}.safetensors", _below("sr.", golden), config)


def write_inpainting(root: Path) -> None:
    """Add what inpainting needs."""
    tensors, config = _golden("unet")
    network = {name: tensor for name, tensor in tensors.items() if name.startswith("unet.") or name == "null_embedding"}
    network |= {f"unet.{name}": tensor for name, tensor in _below("unet9.", tensors).items()}
    _write(root / "kandinsky3_inpainting.safetensors", network, config | {"num_channels": 9})
    words, _ = _golden("t5_condition")
    _write(root / "flan_ul2_encoder" / "projection_inpainting.safetensors", _below("projection.", words))


def write_image_prompt(root: Path, complete: bool = False) -> None:
    """Add what image prompts need: the extra tensors alone, or within the fork's whole U-Net."""
    golden, config = _golden("ip_adapter")
    prefix = "unet." if complete else "ip."
    tensors = {f"{prefix}{name}": tensor for name, tensor in _below("ip.", golden).items()}
    if complete:
        network, network_config = _golden("unet")
        words, _ = _golden("t5_condition")
        tensors |= {name: tensor for name, tensor in network.items() if name.startswith("unet.")}
        tensors["unet.projection_lin.weight"] = words["projection.0.weight"]
        tensors |= {f"unet.projection_ln.{name}": words[f"projection.1.{name}"] for name in ("weight", "bias")}
        _write(root / "kandinsky3_ip.safetensors", tensors, network_config)
    else:
        _write(root / "kandinsky3_ip.safetensors", tensors)
    write_image_encoder(root / "image_encoder", _below("clip.", golden), config["clip"])


def write_image_encoder(folder: Path, tensors: dict[str, torch.Tensor], config: dict[str, int]) -> None:
    """A CLIP vision tower in the layout of transformers."""
    folder.mkdir()
    _write(folder / "model.safetensors", tensors)
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "clip_vision_model"}))
    side = config["image_size"]
    (folder / "preprocessor_config.json").write_text(
        json.dumps(
            {
                "image_processor_type": "CLIPImageProcessor",
                "size": {"shortest_edge": side},
                "crop_size": {"height": side, "width": side},
            }
        )
    )


def _golden(stem: str) -> tuple[dict[str, torch.Tensor], dict[str, int]]:
    path = FIXTURES / f"{stem}.safetensors"
    with safetensors.safe_open(path, "pt") as file:
        return safetensors.torch.load_file(path), json.loads(file.metadata()["config"])


def _below(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _encoder(words: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {n: t for n, t in _below("t5.", words).items() if n not in ("shared.weight", "encoder.embed_tokens.weight")}


def _write(path: Path, tensors: dict[str, torch.Tensor], config: dict[str, int] | None = None) -> None:
    metadata = {"config": json.dumps(config)} if config else {"format": "pt"}
    safetensors.torch.save_file(tensors, path, metadata=metadata)


def _tokenizer(vocabulary: int) -> tokenizers.Tokenizer:
    letters = " abcdefghijklmnopqrstuvwxyz"
    vocab = {"<pad>": 0, "</s>": 1, "<unk>": 2} | {letter: 3 + i for i, letter in enumerate(letters)}
    assert len(vocab) <= vocabulary
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocab, unk_token="<unk>"))
    tokenizer.normalizer = tokenizers.normalizers.Lowercase()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    return tokenizer
