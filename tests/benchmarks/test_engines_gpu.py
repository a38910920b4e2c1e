"""The benchmark of real sizes works where no card is, with small sizes; and says so where it measured nothing."""

import pytest
import torch

from benchmarks import engines_gpu
from engines.kandinsky3 import movq, unet

SMALL = engines_gpu.Scale(
    sides_px=(64,),
    steps=2,
    repeats=1,
    matrix_side=64,
    rows=6,
    network=unet.UNetConfig(
        model_channels=16,
        init_channels=8,
        time_embed_dim=16,
        context_dim=8,
        groups=4,
        head_dim=8,
        dim_mult=(1, 1, 2, 2),
        num_blocks=(2, 2, 2, 2),
    ),
    autoencoder=movq.MoVQConfig(ch=32, ch_mult=(1, 1, 1, 1), num_res_blocks=1, attn_resolutions=(32,)),
)


def test_base_and_flash_are_measured_beside_the_stock_pipeline() -> None:
    rows, rate = engines_gpu.rows(SMALL, torch.device("cpu"), torch.float32)
    table = [dict(zip(engines_gpu.COLUMNS, row, strict=True)) for row in rows]
    assert [(row["picture"], row["side px"]) for row in table] == [
        ("base", 64),
        ("Flash", 64),
    ]
    assert rate > 0
    assert all(float(row["seconds"]) > 0 for row in table)
    assert [isinstance(row["stock pipeline s"], float) for row in table] == [True, False]


def test_arithmetic_of_the_real_sizes_is_counted_without_memory() -> None:
    with torch.device("meta"):
        network, autoencoder = unet.Network(unet.UNetConfig()), movq.MoVQ(movq.MoVQConfig())
    forward, decode = engines_gpu.forward_flop(network, 128, 1024), engines_gpu.decode_flop(autoencoder, 1024)
    assert forward == pytest.approx(3.25e12, rel=0.03)
    assert decode == pytest.approx(34e12, rel=0.03)


def test_without_a_card_the_report_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    found = engines_gpu.run(quick=True)
    assert "No GPU" in found.notes[0]
    assert len(found.rows[0]) == len(found.columns)
