"""Names of weights: the complete lists of the real checkpoints, there and back."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from engines.kandinsky3 import keymaps

FIXTURES = Path(__file__).parents[1] / "fixtures" / "kandinsky3"
UNET: dict[str, tuple[str, list[int]]] = json.loads((FIXTURES / "keys_unet_full.json").read_text())["unet"]
MOVQ: dict[str, tuple[str, list[int], list[int]]] = json.loads((FIXTURES / "keys_movq_full.json").read_text())["movq"]
LEVELS = 4


def test_every_name_of_the_real_unet_maps_to_its_stock_name_and_back() -> None:
    assert len(UNET) == 1068
    for original, (stock, _) in UNET.items():
        assert keymaps.unet_name_to_stock(original) == stock
        assert keymaps.unet_name_to_original(stock) == original


def test_every_name_of_the_real_movq_maps_to_its_stock_name_and_back() -> None:
    assert len(MOVQ) == 430
    for original, (stock, _, _) in MOVQ.items():
        assert keymaps.movq_name_to_stock(original, LEVELS) == stock
        assert keymaps.movq_name_to_original(stock, LEVELS) == original


def test_movq_tensors_take_the_stock_shapes_and_get_the_original_ones_back() -> None:
    with torch.device("meta"):
        original = {name: torch.empty(shape) for name, (_, shape, _) in MOVQ.items()}
    stock = keymaps.movq_to_stock(original, LEVELS)
    assert {name: list(tensor.shape) for name, tensor in stock.items()} == {name: s for name, _, s in MOVQ.values()}
    again = keymaps.movq_to_original(stock | {"quantize.embedding.weight": torch.empty(2, 4)}, LEVELS)
    assert {name: tensor.shape for name, tensor in again.items()} == {n: t.shape for n, t in original.items()}


def test_fork_projection_names_and_projection_files_meet_in_the_stock_projection() -> None:
    weights = {"0.weight": torch.ones(2, 2), "1.weight": torch.ones(2), "1.bias": torch.zeros(2)}
    stock = keymaps.projection_to_stock(weights)
    assert set(stock) == {"projection_linear.weight", "projection_norm.weight", "projection_norm.bias"}
    assert keymaps.projection_to_original(stock).keys() == weights.keys()
    assert keymaps.unet_name_to_stock("projection_ln.bias") == "encoder_hid_proj.projection_norm.bias"
    in_unet = {f"encoder_hid_proj.{name}": tensor for name, tensor in stock.items()}
    assert keymaps.unet_to_original(in_unet) == {}
