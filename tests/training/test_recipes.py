"""What the recipes promise about weights, without training anything."""

import json
from pathlib import Path

import pytest
import torch

from engines import bridges

bridges.install()

from safetensors import safe_open  # noqa: E402

from engines.kandinsky3 import keymaps  # noqa: E402
from training import base, captions, diffusion, export, movq, russian, tokenizer  # noqa: E402

TINY_MOVQ = {"ch": 32, "ch_mult": [1, 1], "num_res_blocks": 1, "z_channels": 4}
TINY_UNET = {
    "model_channels": 16,
    "init_channels": 8,
    "dim_mult": [1, 1.5, 2, 2],
    "num_blocks": [2, 2, 2, 2],
    "groups": 4,
    "head_dim": 8,
    "time_embed_dim": 16,
    "context_dim": 8,
    "num_channels": 4,
    "out_channels": 4,
}


@pytest.fixture(scope="module")
def words() -> "tokenizer.Tokenizer":
    return tokenizer.build(samples=3000)


def test_every_word_of_the_vocabulary_is_one_token(words: "tokenizer.Tokenizer") -> None:
    spoken = [*captions.COLOURS, *captions.SHAPES, *russian.COLOURS["red"][:1], "круг", "синем", "background", "фоне"]
    for word in spoken:
        assert len(words.encode(word).ids) == 2, word


@pytest.mark.parametrize("text", ["", "😀🎨", "漢字 العربية", "Ёлка", "x" * 1000, "<0x41></s><pad>", "\x00\n\t"])
def test_any_text_becomes_tokens_without_an_unknown(words: "tokenizer.Tokenizer", text: str) -> None:
    ids = words.encode(text).ids
    assert ids[-1] == 1
    assert 2 not in ids
    assert 0 not in ids


def test_folding_an_affine_map_into_movq_changes_latents_but_no_picture() -> None:
    torch.manual_seed(0)
    model = movq.build(TINY_MOVQ).eval()
    pictures = torch.rand(2, 3, 16, 16) * 2 - 1
    shift, scale = torch.tensor([0.3, -0.2, 0.1, 0.0]), torch.tensor([0.5, 1.5, 2.0, 0.8])
    with torch.no_grad():
        before = movq.encode(model, pictures)
        painted = movq.decode(model, before)
        movq.fold(model, shift, scale)
        after = movq.encode(model, pictures)
        expected = (before - shift.view(1, -1, 1, 1)) / scale.view(1, -1, 1, 1)
        assert torch.allclose(after, expected, atol=1e-5)
        assert torch.allclose(movq.decode(model, after), painted, atol=1e-4)


def test_an_exported_painter_is_read_back_under_original_names(tmp_path: Path) -> None:
    torch.manual_seed(0)
    painter = base.Painter(TINY_UNET).half().float()
    export.write_painter(painter, TINY_UNET, "_flash", tmp_path)
    with safe_open(tmp_path / "kandinsky3_flash.safetensors", "pt") as file:
        assert json.loads(file.metadata()["config"]) == TINY_UNET
        state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    assert torch.equal(state.pop("null_embedding"), painter.null_embedding)
    stock = keymaps.unet_to_stock({name.removeprefix("unet."): tensor for name, tensor in state.items()})
    live = painter.unet.state_dict()
    assert stock.keys() == live.keys()
    assert all(torch.equal(stock[name], live[name]) for name in live)
    with safe_open(tmp_path / "flan_ul2_encoder" / "projection_flash.safetensors", "pt") as file:
        assert set(file.keys()) == {"0.weight", "1.weight", "1.bias"}


def test_guidance_of_zero_is_the_plain_prediction() -> None:
    torch.manual_seed(0)
    painter = base.Painter(TINY_UNET).eval()
    mask = torch.tensor([[1, 1, 1, 0]])
    context = painter.context(torch.randn(1, 4, 8), mask)
    noisy, times = torch.randn(1, 4, 8, 8), torch.tensor([500])
    with torch.no_grad():
        plain = painter(noisy, times, context, mask)
        assert torch.allclose(painter.guided(noisy, times, context, mask, 0.0), plain, atol=1e-5)
    assert torch.count_nonzero(context[0, 3]) == 0


def test_times_and_schedule_are_those_of_the_original() -> None:
    assert diffusion.guided_times(50)[:2] == [999, 979]
    assert diffusion.guided_times(50)[-2:] == [19, 0]
    assert diffusion.guided_times(30)[1] == 965
    assert abs(float(diffusion.ALPHAS[979]) - 9.71e-4) < 1e-5


@pytest.mark.parametrize("kind", range(len(movq.TRANSFORMS)))
def test_latents_and_pictures_are_moved_alike(kind: int) -> None:
    latents = torch.rand(1, 4, 4, 4)
    pictures = torch.nn.functional.interpolate(latents[:, :3], scale_factor=8)
    moved, seen = movq.transformed(latents, pictures, kind)
    assert torch.allclose(torch.nn.functional.avg_pool2d(seen, 8), moved[:, :3], atol=1e-6)
