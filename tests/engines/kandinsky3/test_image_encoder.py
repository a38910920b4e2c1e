"""The image encoder: a folder in the layout of transformers, pictures of any size, and no picture."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engines import errors
from engines.golden import Fixture
from engines.kandinsky3 import image_encoder
from tests import tiny_weights

CPU = torch.device("cpu")
MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # CLIP's own


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("seeing")
    tiny_weights.write_image_prompt(root)
    return root / "image_encoder"


@pytest.fixture(scope="module")
def encoder(folder: Path) -> image_encoder.ImageEncoder:
    return image_encoder.load(folder, CPU, torch.float32)


def test_a_folder_gives_the_recorded_embeddings(encoder: image_encoder.ImageEncoder, fixtures: Path) -> None:
    golden = Fixture.open(fixtures / "ip_adapter.safetensors")
    with torch.inference_mode():
        embeddings = encoder.embed_pixels(golden["pipe.pixel_values"])
    assert torch.allclose(embeddings, golden["pipe.image_embeds"], atol=1e-5)
    assert encoder.embedding_dim == embeddings.shape[1]


def test_no_picture_is_a_tensor_of_zeros_and_neither_black_nor_a_zero_vector(
    encoder: image_encoder.ImageEncoder, fixtures: Path
) -> None:
    nothing = encoder.embed_nothing()
    golden = Fixture.open(fixtures / "ip_adapter.safetensors")
    assert torch.allclose(nothing, golden["pipe.zero_image_embed"][0], atol=1e-5)
    assert nothing.abs().max() > 0.1
    assert (nothing - encoder.embed(Image.new("RGB", (28, 28)))).abs().max() > 0.1


@pytest.mark.parametrize(("width", "height"), [(28, 28), (90, 40), (40, 90), (7, 5)])
def test_a_picture_of_any_shape_is_cut_to_its_middle_square(
    encoder: image_encoder.ImageEncoder, width: int, height: int
) -> None:
    side = min(width, height)
    pixels = np.zeros((height, width, 3), np.uint8)  # black outside of the middle square, one colour inside
    top, left = (height - side) // 2, (width - side) // 2
    pixels[top : top + side, left : left + side] = colour = (200, 100, 50)
    prepared = encoder.pixels(Image.fromarray(pixels))
    assert prepared.shape == (3, 28, 28)
    expected = [
        (value / 255 - mean) / deviation for value, mean, deviation in zip(colour, MEAN, DEVIATION, strict=True)
    ]
    assert torch.allclose(prepared[:, 14, 14], torch.tensor(expected), atol=0.02)
    assert encoder.embed(Image.fromarray(pixels)).shape == (encoder.embedding_dim,)


def test_half_precision_weights_give_float32_embeddings(folder: Path) -> None:
    encoder = image_encoder.load(folder, CPU, torch.bfloat16)
    embedding = encoder.embed(Image.new("RGB", (40, 30), "teal"))
    assert (embedding.dtype, embedding.device) == (torch.float32, CPU)


@given(weights=st.lists(st.floats(0, 2, width=32), min_size=1, max_size=5), seed=st.integers(0, 99))
def test_a_fusion_is_the_sum_of_its_parts_with_the_weights_as_they_are(weights: list[float], seed: int) -> None:
    embeddings = torch.randn(len(weights), 3, generator=torch.Generator().manual_seed(seed))
    given = image_encoder.fused(list(embeddings), weights)
    assert torch.allclose(given, torch.tensor(weights) @ embeddings, atol=1e-4)
    doubled = image_encoder.fused(list(embeddings), [2 * weight for weight in weights])
    assert torch.allclose(doubled, 2 * given, atol=1e-4)


def test_a_folder_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(errors.CheckpointMissing, match="image encoder"):
        image_encoder.load(tmp_path / "image_encoder", CPU, torch.float32)


def test_a_folder_without_half_of_its_weights_is_invalid(folder: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(folder, tmp_path / "image_encoder")
    config = json.loads((broken / "config.json").read_text()) | {"num_hidden_layers": 3}
    (broken / "config.json").write_text(json.dumps(config))
    with pytest.raises(errors.CheckpointInvalid, match="missing"):
        image_encoder.load(broken, CPU, torch.float32)


def test_pictures_cut_to_another_size_than_the_tower_takes_are_refused(folder: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(folder, tmp_path / "image_encoder")
    (broken / "preprocessor_config.json").write_text(json.dumps({"size": {"shortest_edge": 56}, "crop_size": 56}))
    with pytest.raises(errors.CheckpointInvalid, match="28 px"):
        image_encoder.load(broken, CPU, torch.float32)
