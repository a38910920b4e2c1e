"""The text encoder in four bits."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from engines import devices, memory_plan
from engines.catalog import MINI_WEIGHTS
from engines.checkpoints import Layout
from engines.kandinsky3 import four_bit, text
from engines.kandinsky3.family import Family

CPU = torch.device("cpu")
# QLoRA (arXiv 2305.14314), appendix E, to four digits
PUBLISHED = (
    -1.0, -0.6962, -0.5251, -0.3949, -0.2844, -0.1848, -0.0911, 0.0,
    0.0796, 0.1609, 0.2461, 0.3379, 0.4407, 0.5626, 0.7230, 1.0,
)  # fmt: skip


def test_the_levels_are_those_that_are_published() -> None:
    assert four_bit.levels().tolist() == pytest.approx(PUBLISHED, abs=6e-5)


def test_a_matrix_comes_back_near_and_its_levels_exactly() -> None:
    generator = torch.Generator().manual_seed(5)
    matrix = torch.randn(96, 256, generator=generator)
    kept = four_bit.Linear(matrix)
    again = kept.matrix()
    assert (again - matrix).norm() / matrix.norm() < 0.1
    exact = four_bit.levels()[torch.randint(16, (8, 64), generator=generator)]
    exact[:, 0] = -1
    assert torch.equal(four_bit.Linear(exact * 3).matrix(), exact * 3)


def test_zeros_and_odd_widths_of_blocks_are_kept() -> None:
    assert torch.equal(four_bit.Linear(torch.zeros(3, 128)).matrix(), torch.zeros(3, 128))
    matrix = torch.randn(5, 24, generator=torch.Generator().manual_seed(1))
    assert four_bit.Linear(matrix).scales.shape == (5, 3)
    assert (four_bit.Linear(matrix).matrix() - matrix).norm() / matrix.norm() < 0.1


def test_a_matrix_takes_an_eighth_of_float32_and_its_scales() -> None:
    kept = four_bit.Linear(torch.ones(128, 256, dtype=torch.bfloat16))
    assert kept.codes.nbytes == 128 * 256 // 2
    assert kept.scales.nbytes == 128 * 256 // 64 * 2
    assert kept(torch.ones(2, 256, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_a_trained_encoder_says_nearly_the_same_in_four_bits() -> None:
    folder = MINI_WEIGHTS / "flan_ul2_encoder"
    whole = text.load_encoder(folder, CPU, torch.float32)
    small = four_bit.load_encoder(folder, CPU, torch.float32)
    assert not any(isinstance(layer, nn.Linear) for layer in small.model.modules())
    ids = text.tokens("a big red circle on a blue background", text.load_tokenizer(folder))
    expected, got = whole.encode(ids), small.encode(ids)
    assert got.shape == expected.shape
    assert torch.nn.functional.cosine_similarity(expected, got).min() > 0.97


def test_the_size_is_known_before_it_is_loaded(tiny_weights: Path) -> None:
    folder = tiny_weights / "flan_ul2_encoder"
    model = four_bit.load_encoder(folder, CPU, torch.float32).model
    tensors = {tensor.data_ptr(): tensor.nbytes for tensor in [*model.parameters(), *model.buffers()]}
    assert four_bit.loaded_bytes(folder, 4) == sum(tensors.values())


def test_the_family_takes_four_bits_where_they_are_asked_for(tiny_weights: Path) -> None:
    small = Family(Layout.at(tiny_weights), devices.CPU(), encoder_bits=4)
    whole = Family(Layout.at(tiny_weights), devices.CPU())
    assert small.encoder.bytes < whole.encoder.bytes
    with small.shelf.lease(small.encoder) as encoder:
        assert any(isinstance(layer, four_bit.Linear) for layer in encoder.model.modules())
    with whole.shelf.lease(whole.encoder) as encoder:
        assert not any(isinstance(layer, four_bit.Linear) for layer in encoder.model.modules())


def test_four_bits_are_chosen_only_where_the_encoder_does_not_fit() -> None:
    assert memory_plan.encoder_bits(18 * 10**9) == 16
    assert memory_plan.encoder_bits(17 * 10**9) == 4
    assert memory_plan.encoder_bits(10, encoder_bytes=11) == 4


def test_shapes_are_read_from_a_folder_of_shards(tmp_path: Path) -> None:
    safetensors.torch.save_file({"a.SelfAttention.q.weight": torch.ones(4, 64)}, tmp_path / "model-1.safetensors")
    safetensors.torch.save_file({"shared.weight": torch.ones(5, 2)}, tmp_path / "model-2.safetensors")
    torch.save({"a.SelfAttention.q.weight": torch.ones(4, 64)}, tmp_path / "pytorch_model.bin")
    assert four_bit.loaded_bytes(tmp_path, 2) == 4 * 64 // 2 + 4 * 2 + 5 * 2 * 2
