"""The committed weights come back into a workspace as they were exported, and a training goes on from them."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from engines import bridges

bridges.install()

from training import config, export, family_export, family_restore, restore  # noqa: E402


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KANDINSKY_TRAINING_DIR", str(tmp_path / "workspace"))
    return config.workspace()


def are_equal(one: Path, other: Path) -> bool:
    tensors, others = load_file(one), load_file(other)
    return tensors.keys() == others.keys() and all(torch.equal(tensors[name], others[name]) for name in tensors)


@pytest.mark.slow
def test_what_is_restored_is_exported_to_the_same_files(workspace: Path, tmp_path: Path) -> None:
    restore.restore()
    family_restore.restored(export.WEIGHTS)
    again = tmp_path / "again"
    export.write(again)
    family_export.write(again)
    committed = {path.relative_to(export.WEIGHTS): path for path in export.WEIGHTS.rglob("*.safetensors")}
    written = {path.relative_to(again): path for path in again.rglob("*.safetensors")}
    assert committed.keys() == written.keys()
    for name in committed:
        assert are_equal(committed[name], written[name]), name


def test_a_checkpoint_that_is_there_stays(workspace: Path) -> None:
    kept = workspace / "base" / "checkpoint.pt"
    kept.parent.mkdir()
    kept.write_bytes(b"hours of work")
    assert "base" not in restore.restore()
    assert kept.read_bytes() == b"hours of work"
