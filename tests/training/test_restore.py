"""The committed weights come back into a workspace as they were exported, and a training goes on from them."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from engines import bridges

bridges.install()

from training import (  # noqa: E402
    config,
    export,
    family_config,
    family_export,
    family_restore,
    kandinsky22_depth,
    kandinsky22_inpainting,
    restore,
)


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


@pytest.mark.parametrize("name", [kandinsky22_inpainting.NAME, kandinsky22_depth.NAME])
def test_a_decoder_of_22_comes_back_as_it_was_exported(workspace: Path, tmp_path: Path, name: str) -> None:
    inpainting, depth = family_config.Inpainting22Config(), family_config.Depth22Config()
    recipe = {
        kandinsky22_inpainting.NAME: (kandinsky22_inpainting, inpainting, family_export.write_inpainting22),
        kandinsky22_depth.NAME: (kandinsky22_depth, depth, family_export.write_depth22),
    }
    module, settings, write = recipe[name]
    torch.manual_seed(0)
    trained = module.build(settings, family_config.ClipConfig().projection).half().float()
    write(trained, tmp_path / "weights")
    assert family_restore.restored(tmp_path / "weights") == [name]
    back = module.load(settings).state_dict()
    known = trained.float().state_dict()
    assert back.keys() == known.keys()
    assert all(torch.equal(back[key], value) for key, value in known.items())
