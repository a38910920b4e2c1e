"""What is exported is what was trained: the engines' networks say the same as the ones that learned."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from engines import bridges

bridges.install()

from diffusers import PriorTransformer, UNet2DConditionModel  # noqa: E402

from engines.kandinsky3 import hed as detectors  # noqa: E402
from engines.kandinsky3 import image_encoder, image_prompt_files, unet  # noqa: E402
from engines.kandinsky3.control import hint_network  # noqa: E402
from engines.kandinsky3.super_resolution import network  # noqa: E402
from engines.kandinsky22 import networks  # noqa: E402
from tests.training.test_recipes import TINY_UNET  # noqa: E402
from training import (  # noqa: E402
    base,
    clip,
    edges,
    family_config,
    family_export,
    hed,
    image_prompt,
    inpainting,
    kandinsky22,
    kandinsky22_depth,
    kandinsky22_inpainting,
    lessons,
    super_resolution,
    tokenizer,
)

CPU = torch.device("cpu")
TINY_INPAINTING = TINY_UNET | {"num_channels": 9}
TINY_CLIP = family_config.ClipConfig(
    image_px=24, patch_px=12, width=16, layers=1, heads=2, d_ff=16, projection=8, text_layers=1, text_tokens=12
)
TINY_SR = family_config.SuperResolutionConfig(
    original={
        "model_channels": 8,
        "init_channels": 8,
        "dim_mult": [1, 1, 1, 1],
        "num_resnet_blocks": [2, 2, 2, 2],
        "groups": 4,
        "time_embed_dim": 8,
        "num_channels": 3,
    }
)
TINY_22 = dataclasses.replace(family_config.Decoder22Config(), widths=(8, 8, 8), head_dim=4, groups=4)
TINY_INPAINTING_22 = family_config.Inpainting22Config(decoder=TINY_22)
TINY_DEPTH_22 = family_config.Depth22Config(decoder=TINY_22)
HALF = 2e-2  # weights go through float16


def shaken(module: nn.Module) -> nn.Module:
    """No parameter at zero, so that nothing is silently left out."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return module.eval()


def contexts(mask: torch.Tensor, rows: torch.Tensor) -> list[unet.Context]:
    """The rows of a batch as the engines take them: each as long as its prompt and one row."""
    return [
        unet.Context(row[: said.sum() + 1], said[: said.sum() + 1].bool()) for row, said in zip(rows, mask, strict=True)
    ]


MASK = torch.tensor([[1, 1, 1, 0], [1, 0, 0, 0]])
TIMES = torch.tensor([500, 20])


@torch.no_grad()
def test_an_inpainting_export_paints_as_the_trained_one(tmp_path: Path) -> None:
    painter = shaken(inpainting.Repainter(TINY_INPAINTING)).half().float()  # what is stored, exactly
    family_export.write_inpainting(painter, TINY_INPAINTING, tmp_path)
    loaded = unet.load(tmp_path / "kandinsky3_inpainting.safetensors", CPU, torch.float32)
    assert (tmp_path / "flan_ul2_encoder" / "projection_inpainting.safetensors").is_file()
    seen, rows = torch.randn(2, 9, 8, 8), painter.context(torch.randn(2, 4, 8), MASK)
    conditions = [unet.Condition(channels=one[4:]) for one in seen]
    found = loaded(seen[:, :4], TIMES.tolist(), contexts(MASK, rows), conditions)
    assert torch.allclose(found, painter(seen, TIMES, rows, MASK), atol=1e-4)


@torch.no_grad()
def test_an_image_prompt_export_hears_as_the_trained_one(tmp_path: Path) -> None:
    painter = base.Painter(TINY_UNET).half().float()
    shaken(painter)
    prompter = image_prompt.Prompter(painter, tokens=4, embedding=6)
    shaken(prompter)
    family_export.write_adapter(prompter.adapter, tmp_path)
    loaded = image_prompt_files.load_adapter(tmp_path / "kandinsky3_ip.safetensors", CPU, torch.float32)
    noisy, embeddings = torch.randn(2, 4, 8, 8), torch.randn(2, 6)
    rows = lessons.fork_context(painter, torch.randn(2, 4, 8), MASK)
    expected = prompter(noisy, TIMES, rows, MASK, MASK.sum(1) + 1, embeddings)
    prompter.adapter.load_state_dict(loaded.state_dict())
    found = prompter(noisy, TIMES, rows, MASK, MASK.sum(1) + 1, embeddings)
    assert torch.allclose(found, expected, atol=HALF)
    silent = prompter(noisy, TIMES, rows, MASK, MASK.sum(1) + 1, torch.zeros(2, 6))
    assert not torch.allclose(silent, expected, atol=HALF)


@torch.no_grad()
def test_a_hint_unet_export_traces_as_the_trained_one(tmp_path: Path) -> None:
    tracer = edges.Tracer(TINY_UNET)
    shaken(tracer)
    family_export.write_edges(tracer, TINY_UNET, tmp_path)
    path = tmp_path / "kandinsky3_edges.safetensors"
    loaded = hint_network.load(path, path, CPU, torch.float32)
    noisy, hints = torch.randn(2, 4, 8, 8), torch.rand(2, 3, 64, 64)
    rows = lessons.fork_context(tracer, torch.randn(2, 4, 8), MASK)
    conditions = [unet.Condition(hint=hint) for hint in hints]
    found = loaded(noisy, TIMES.tolist(), contexts(MASK, rows), conditions)
    assert torch.allclose(found, tracer.traced(noisy, TIMES, rows, MASK, MASK.sum(1) + 1, hints), atol=HALF)
    assert not torch.allclose(found, tracer(noisy, TIMES, rows, MASK), atol=HALF)


@torch.no_grad()
def test_detector_and_super_resolution_are_read_back(tmp_path: Path) -> None:
    settings = family_config.HedConfig(widths=(4, 4, 4, 4, 4))
    detector = shaken(hed.build(settings))
    family_export.write_hed(detector, settings, tmp_path)
    seen = torch.rand(1, 3, 32, 32) / 100
    read = detectors.load(tmp_path / "hed.safetensors", CPU, torch.float32)
    assert torch.allclose(read(seen), detector(seen), atol=HALF)
    model = shaken(super_resolution.build(TINY_SR))
    family_export.write_super_resolution(model, TINY_SR, tmp_path)
    larger = network.load(tmp_path / "kandi_super_res_x2_flash.safetensors", CPU, torch.float32)
    noisy, guide = torch.randn(1, 3, 16, 16), torch.randn(1, 3, 16, 16)
    assert torch.allclose(larger(noisy, [229], guide), model(noisy, [229], guide), atol=HALF)


def test_the_engines_see_pictures_as_the_encoder_was_taught_to(tmp_path: Path) -> None:
    model = clip.Clip(TINY_CLIP, vocabulary=40)
    shaken(model)
    family_export.write_image_encoder(model, tmp_path)
    config = json.loads((tmp_path / "image_encoder" / "config.json").read_text())
    assert config["projection_dim"] == TINY_CLIP.projection
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (48, 48, 3), dtype=np.uint8), rng.integers(0, 256, (48, 96, 3), dtype=np.uint8)]
    expected = clip.embed(model, pictures)
    encoder = image_encoder.load(tmp_path / "image_encoder", CPU, torch.float32)
    found = torch.stack([encoder.embed(clip.Image.fromarray(picture)) for picture in pictures])
    assert torch.allclose(found, expected, atol=HALF)


@torch.no_grad()
def test_both_halves_of_kandinsky_22_are_read_back_by_the_stock_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KANDINSKY_TRAINING_DIR", str(tmp_path / "training"))
    (tmp_path / "training" / "text").mkdir(parents=True)
    tokenizer.build(samples=200).save(str(tmp_path / "training" / "text" / "tokenizer.json"))
    settings = family_config.PriorConfig(heads=2, head_dim=4, layers=1)
    encoder = dataclasses.replace(TINY_CLIP, text_tokens=family_config.ClipConfig().text_tokens)
    prior, text = kandinsky22.build_prior(settings, encoder), clip.Clip(encoder, vocabulary=40).text
    family_export.write_prior(prior, text, settings, tmp_path)
    folder = tmp_path / "kandinsky22_prior"
    read = PriorTransformer.from_pretrained(folder / "prior", torch_dtype=torch.float32)
    assert read.config.num_embeddings == encoder.text_tokens
    from transformers import AutoTokenizer

    words = AutoTokenizer.from_pretrained(folder / "tokenizer")
    ids = words("a red circle", padding="max_length", truncation=True).input_ids
    assert len(ids) == encoder.text_tokens
    assert 1 in ids
    decoder = kandinsky22.build_decoder(TINY_22, embedding=8)
    family_export.write_decoder(decoder, TINY_22, tmp_path)
    unet22 = UNet2DConditionModel.from_pretrained(tmp_path / "kandinsky22_decoder" / "unet", torch_dtype=torch.float32)
    assert unet22.config.out_channels == 2 * unet22.config.in_channels
    index = json.loads((tmp_path / "kandinsky22_decoder" / "model_index.json").read_text())
    assert index["movq"] == [None, None]


@torch.no_grad()
def test_the_inpainting_decoder_that_is_exported_paints_as_the_trained_one(tmp_path: Path) -> None:
    unet22 = kandinsky22_inpainting.build(TINY_INPAINTING_22, embedding=8)
    shaken(unet22).half().float()  # what is stored, exactly
    noisy, known, shown = torch.randn(2, 4, 8, 8), torch.randn(2, 5, 8, 8), torch.randn(2, 8)
    expected = kandinsky22_inpainting.predicted(unet22, noisy, TIMES, known, shown)
    family_export.write_inpainting22(unet22, tmp_path)
    loaded = networks.load_decoder(tmp_path / "kandinsky22_decoder_inpaint" / "unet", CPU, torch.float32)
    found = loaded(torch.cat([noisy, known], 1), TIMES.tolist(), list(shown))
    assert torch.allclose(found[:, :4], expected, atol=1e-4)
    assert is_shared(tmp_path / "kandinsky22_decoder_inpaint")


@torch.no_grad()
def test_the_depth_decoder_that_is_exported_paints_as_the_trained_one(tmp_path: Path) -> None:
    unet22 = kandinsky22_depth.build(TINY_DEPTH_22, embedding=8)
    shaken(unet22)
    kandinsky22_depth.say_quarters(unet22.add_embedding.input_hint_block)
    unet22.half().float()
    noisy, drawn, shown = torch.randn(2, 4, 8, 8), torch.rand(2, 3, 64, 64), torch.randn(2, 8)
    expected = kandinsky22_depth.predicted(unet22, noisy, TIMES, drawn, shown)
    family_export.write_depth22(unet22, tmp_path)
    loaded = networks.load_decoder(tmp_path / "kandinsky22_controlnet_depth" / "unet", CPU, torch.float32)
    found = loaded(noisy, TIMES.tolist(), list(shown), list(drawn))
    assert torch.allclose(found[:, :4], expected, atol=1e-4)
    unled = loaded(noisy, TIMES.tolist(), list(shown), list(torch.zeros_like(drawn)))
    assert not torch.allclose(unled[:, :4], expected, atol=HALF)
    assert is_shared(tmp_path / "kandinsky22_controlnet_depth")


def is_shared(folder: Path) -> bool:
    """Whether a decoder's folder holds its U-Net alone, and says so."""
    index = json.loads((folder / "model_index.json").read_text())
    held = {path.name for path in folder.iterdir()}
    return index["movq"] == index["scheduler"] == [None, None] and held == {"model_index.json", "unet"}
