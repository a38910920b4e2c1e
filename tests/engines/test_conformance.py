"""The golden fixtures of the official code, and what a report says of files that are not as they should be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import safetensors
import safetensors.torch
import torch

from engines import conformance

TIGHT = 0.25  # of the limit: what is measured is about a tenth of it
FILES = (
    "unet",
    "movq",
    "schedule",
    "base_loop",
    "flash_refiner",
    "t5_condition",
    "e2e_t2i",
    "inpainting",
    "img2img",
    "hint_unet",
    "controlnet",
    "ip_adapter",
    "super_resolution",
    "keys_unet_full.json",
    "keys_movq_full.json",
)


@pytest.fixture(scope="module")
def reports(fixtures: Path) -> dict[tuple[str, str], conformance.CaseReport]:
    return {(report.file, report.case): report for report in conformance.run(fixtures)}


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_every_case_of_a_golden_file_is_within_its_limit(
    file: str, reports: dict[tuple[str, str], conformance.CaseReport]
) -> None:
    cases = [report for report in reports.values() if report.file == file]
    ran = [report for report in cases if not report.skipped]
    assert ran
    assert not [report for report in ran if not report.passed]
    assert not [
        report
        for report in ran
        if report.error and report.limit and not report.case.endswith("_uint8") and report.error > TIGHT * report.limit
    ]


def test_what_no_engine_serves_is_said_and_neither_passed_nor_failed(tmp_path: Path) -> None:
    safetensors.torch.save_file({"x": torch.ones(1)}, tmp_path / "another_family.safetensors")
    (tmp_path / "unet.pt").write_bytes(b"")
    (tmp_path / "README.md").write_text("no fixture")
    told = [(unknown.file, unknown.passed, unknown.failed, unknown.note) for unknown in conformance.run(tmp_path)]
    assert told == [(file, False, False, conformance.NO_ENGINE) for file in ("another_family", "unet.pt")]


def test_tensors_that_no_case_asks_for_are_named(fixtures: Path, tmp_path: Path) -> None:
    changed(fixtures / "movq.safetensors", tmp_path / "movq.safetensors", "out.image2", 0.0, "out3.image", "in.latent3")
    reports = {report.case: report for report in conformance.run(tmp_path)}
    assert {case for case, report in reports.items() if report.skipped} == {"in.*", "out3.*"}
    assert not [report for report in reports.values() if report.failed]


@pytest.mark.slow
def test_of_the_given_files_nothing_but_the_notebooks_mask_goes_uncompared(
    reports: dict[tuple[str, str], conformance.CaseReport],
) -> None:
    assert [key for key, report in reports.items() if report.skipped] == [("inpainting", "prepare_mask.*")]


@pytest.mark.slow
def test_all_schedule_and_text_cases_were_run(reports: dict[tuple[str, str], conformance.CaseReport]) -> None:
    assert {case for file, case in reports if file == "t5_condition"} >= {"batch", "full", "empty", "neg_longer"}
    assert {case for file, case in reports if file == "base_loop"} >= {"guided_w3_neg", "s10_neg", "s4_noclip"}


def changed(source: Path, target: Path, name: str, change: float, *further: str) -> None:
    with safetensors.safe_open(source, "pt") as file:
        metadata = file.metadata()
    tensors = safetensors.torch.load_file(source)
    tensors[name] = tensors[name] + change
    tensors |= {one: torch.ones(1) for one in further}
    safetensors.torch.save_file(tensors, target, metadata=metadata)


def test_a_wrong_number_fails_its_case_and_no_other(fixtures: Path, tmp_path: Path) -> None:
    changed(fixtures / "movq.safetensors", tmp_path / "movq.safetensors", "out.image2", 2e-4)
    reports = {report.case: report for report in conformance.run(tmp_path)}
    assert {case for case, report in reports.items() if report.failed} == {"decode2"}
    error = reports["decode2"].error
    assert error == pytest.approx(2e-4, rel=0.2)


def test_a_number_that_is_none_fails(fixtures: Path, tmp_path: Path) -> None:
    changed(fixtures / "schedule.safetensors", tmp_path / "schedule.safetensors", "cosine.betas", float("nan"))
    reports = {report.case: report for report in conformance.run(tmp_path)}
    assert reports["cosine"].failed
    assert reports["linear"].passed


def test_a_file_that_cannot_be_run_fails_with_the_reason(fixtures: Path, tmp_path: Path) -> None:
    shutil.copy(fixtures / "base_loop.safetensors", tmp_path)  # its weights are in a file that is not here
    (tmp_path / "movq.safetensors").write_bytes(b"not a safetensors file")
    with safetensors.safe_open(fixtures / "unet.safetensors", "pt") as file:
        config = json.loads(file.metadata()["config"]) | {"num_blocks": [3, 3, 2, 3]}
    tensors = safetensors.torch.load_file(fixtures / "unet.safetensors")
    safetensors.torch.save_file(tensors, tmp_path / "unet.safetensors", metadata={"config": json.dumps(config)})
    safetensors.torch.save_file({"x": torch.ones(1)}, tmp_path / "unheard_of.safetensors")
    reports = list(conformance.run(tmp_path))
    assert {report.file for report in reports if report.failed} == {"base_loop", "movq", "unet"}
    assert all(report.note for report in reports)
    assert [report.failed for report in reports if report.file == "unheard_of"] == [False]
