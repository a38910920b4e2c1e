"""Golden files of other sizes and seeds than the given ones: every case runs, and a wrong number is found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import safetensors.torch
from safetensors import safe_open

from engines import bridges, conformance

pytestmark = pytest.mark.slow  # float64 doubles the time of everything
FILES = {
    "unet": {"y4", "y4_nocontext_mask", "y9", "mid"},
    "movq": {"encode", "decode", "decode2"},
    "base_loop": {"guided_w2.5_neg", "s3", "s6_neg"},
    "flash_refiner": {"flash", "refiner", "sr_refine_tiled"},
    "t5_condition": {"brief"},
    "inpainting": {"sizes", "prepared", "masked_latents", "context", "pipeline", "s3", "s5_neg"},
    "hint_unet": {"hint_features", "y", "y_zero_hint", "t2i_text", "t2i"},
    "controlnet": {"hint_features", "states", "unet_k12", "unet_k0.7", "unet_plain", "k12_text", "k12"},
    "super_resolution": {"forward", "flash_x3", "views_40_30.76x100", "tiled_encode", "tiled_decode"},
}
DISTURBED = {
    ("unet", "out.y9"): "y9",
    ("movq", "out.latent"): "encode",
    ("base_loop", "s6_neg.step.2"): "s6_neg",
    ("flash_refiner", "refiner.out"): "refiner",
    ("inpainting", "s5_neg.step.4"): "s5_neg",
    ("hint_unet", "t2i.step.1"): "t2i",
    ("controlnet", "out.state.2"): "states",
    ("super_resolution", "tiled.latent"): "tiled_encode",
}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bridges.install()
    from tests import other_goldens

    root = tmp_path_factory.mktemp("elsewhere")
    other_goldens.Writer(root, seed=20).write()
    return root


def test_every_case_of_files_of_other_sizes_runs_within_its_limit(elsewhere: Path) -> None:
    reports = list(conformance.run(elsewhere))
    assert [report for report in reports if not report.passed] == []
    assert {file: {report.case for report in reports if report.file == file} for file in FILES} == FILES


def test_the_last_picture_of_a_batch_over_its_limit_fails_its_case_and_no_other(
    elsewhere: Path, tmp_path: Path
) -> None:
    for path in elsewhere.iterdir():
        shutil.copy(path, tmp_path)
    for file, name in DISTURBED:
        path = tmp_path / f"{file}.safetensors"
        with safe_open(path, "pt") as opened:
            metadata = opened.metadata()
        tensors = safetensors.torch.load_file(path)
        tensors[name][-1] += 2e-3
        safetensors.torch.save_file(tensors, path, metadata=metadata)
    failed = {(report.file, report.case) for report in conformance.run(tmp_path) if report.failed}
    wrong = {(file, case) for (file, _), case in DISTURBED.items()}
    assert wrong <= failed
    # the decoder of `movq` is asked to decode the disturbed latent
    assert failed - wrong <= {("movq", "decode")}
