"""What a profile offers, known without loading anything."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engines import catalog, devices, errors, sizes, tasks

LIGHT = "engines.pool, engines.catalog, engines.devices, engines.sizes, engines.tasks, engines.errors, engines.worker"


def test_importing_the_pool_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'transformers', 'diffusers', 'numpy', 'torchvision'}"
    code = f"import sys, {LIGHT}; found = {heavy} & set(sys.modules); sys.exit(f'imported {{found}}' if found else 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("profile", list(sizes.Profile))
@pytest.mark.parametrize("ratio", list(tasks.AspectRatio))
def test_canvases_are_multiples_of_64_and_hold_their_picture(profile: sizes.Profile, ratio: tasks.AspectRatio) -> None:
    size = sizes.SIZES[profile][ratio]
    assert size.canvas_width_px % 64 == size.canvas_height_px % 64 == 0
    assert size.width_px <= size.canvas_width_px
    assert size.height_px <= size.canvas_height_px
    assert size.canvas_width_px * size.canvas_height_px <= 1024 * 1024
    exact = 0.005 if profile is sizes.Profile.MINI else 0.03  # whole multiples of 64 are not always nearer
    assert abs(math.log(size.width_px / size.height_px / ratio.value_float)) < exact


def test_the_big_family_uses_at_least_nine_tenths_of_its_area() -> None:
    for size in sizes.SIZES[sizes.Profile.KANDINSKY3].values():
        assert size.width_px * size.height_px >= 0.9 * 1024 * 1024


def test_an_unknown_profile_and_a_missing_directory_are_refused() -> None:
    with pytest.raises(errors.InvalidTask, match="mini, kandinsky3"):
        catalog.ProfileCatalog.of("kandinsky9")
    with pytest.raises(errors.CheckpointMissing, match="directory"):
        catalog.ProfileCatalog.of("kandinsky3")


def test_a_directory_that_cannot_be_looked_into_is_told_when_it_is_opened() -> None:
    known = catalog.ProfileCatalog.of("kandinsky3", Path("/", "x" * 300))
    assert tasks.Model.KANDINSKY_22 not in known.models
    with pytest.raises(errors.CheckpointMissing, match="cannot be looked into"):
        known.open(devices.CPU())


@pytest.mark.parametrize("wanted", ["cuda:99", "gpu", "cpu,tpu"])
def test_a_device_that_is_not_there_is_refused(wanted: str) -> None:
    with pytest.raises(errors.DeviceMissing):
        devices.discover(wanted)


def test_the_processor_is_found_and_knows_when_memory_ran_out() -> None:
    (cpu,) = devices.discover("cpu")
    assert cpu.name == "cpu"
    assert cpu.budget_bytes > 0
    assert cpu.is_out_of_memory(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"))
    assert cpu.is_out_of_memory(MemoryError())
    assert not cpu.is_out_of_memory(RuntimeError("shapes do not fit"))


def test_a_card_keeps_room_to_work_and_knows_when_memory_ran_out() -> None:
    large, small = devices.CUDA(1, 80 * devices.GIB), devices.CUDA(0, 12 * devices.GIB)
    assert (large.name, large.budget_bytes) == ("cuda:1", 74 * devices.GIB)
    assert small.budget_bytes == 9 * devices.GIB
    assert large.is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert large.is_out_of_memory(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"))
    assert not large.is_out_of_memory(RuntimeError("CUDA error: an illegal memory access was encountered"))


def test_kandinsky_22_is_offered_where_its_prior_and_its_decoder_are(tmp_path: Path) -> None:
    always = (tasks.Model.KANDINSKY_3, tasks.Model.KANDINSKY_3_FLASH)
    offered = catalog.ProfileCatalog.of("mini", tmp_path)
    assert offered.models == always
    for folder in ("kandinsky22_prior/prior", "weights/kandinsky22_decoder/unet", "kandinsky22_decoder/unet"):
        assert offered.models == always
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "config.json").write_text("{}")
    assert offered.models == (*always, tasks.Model.KANDINSKY_22)
