"""Weight files that are there, that are not, and that are not what they should be."""

from __future__ import annotations

import json
import pickle
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch

from engines import catalog, checkpoints, errors
from engines.kandinsky3 import image_encoder, keymaps, movq, text, unet
from engines.kandinsky22 import networks

CPU = torch.device("cpu")


def full(fixtures: Path, file: str, key: str) -> dict[str, tuple[object, ...]]:
    listed: dict[str, tuple[object, ...]] = json.loads((fixtures / file).read_text())[key]
    return listed


def test_the_real_unet_has_exactly_the_names_and_shapes_of_the_official_checkpoint(fixtures: Path) -> None:
    with torch.device("meta"):
        network = unet.Network(unet.UNetConfig())
        listed = full(fixtures, "keys_unet_full.json", "unet")
        official = {name: torch.empty(shape) for name, (_, shape) in listed.items()}
        state = {f"unet.{name}": tensor for name, tensor in keymaps.unet_to_stock(official).items()}
        state["null_embedding"] = torch.empty(4096)
    checkpoints.verify("kandinsky3", {name: t.shape for name, t in network.state_dict().items()}, state)
    assert sum(tensor.numel() for tensor in official.values()) == 3_038_562_820


def test_the_real_inpainting_unet_takes_nine_channels_and_gives_four() -> None:
    with torch.device("meta"):
        network = unet.Network(unet.UNetConfig(num_channels=9))
    shapes = {name: list(tensor.shape) for name, tensor in network.state_dict().items()}
    assert shapes["unet.conv_in.weight"] == [192, 9, 3, 3]
    assert shapes["unet.conv_out.weight"] == [4, 192, 3, 3]


def test_the_real_movq_has_exactly_the_names_and_shapes_of_the_official_checkpoint(fixtures: Path) -> None:
    with torch.device("meta"):
        model = movq.MoVQ(movq.MoVQConfig())
        listed = full(fixtures, "keys_movq_full.json", "movq")
        official = {name: torch.empty(shape) for name, (_, shape, _) in listed.items()}
        state = {f"model.{name}": tensor for name, tensor in keymaps.movq_to_stock(official, 4).items()}
    checkpoints.verify("movq", {name: t.shape for name, t in model.state_dict().items()}, state)
    assert sum(tensor.numel() for tensor in official.values()) == 270_603_567


def test_the_official_layout_loads_from_pickles(tiny_weights: Path, tmp_path: Path) -> None:
    content = checkpoints.read(tiny_weights / "movq.safetensors")
    torch.save({"unet": {"in_layer.bias": torch.ones(2)}, "null_embedding": torch.zeros(3)}, tmp_path / "kandinsky3.pt")
    torch.save(dict(content.tensors), tmp_path / "movq.pt")
    layout = checkpoints.Layout.at(tmp_path)
    read = checkpoints.read(layout.find("kandinsky3"))
    assert {name: tuple(tensor.shape) for name, tensor in read.tensors.items()} == {
        "unet.in_layer.bias": (2,),
        "null_embedding": (3,),
    }
    assert checkpoints.read(layout.find("movq")).tensors.keys() == content.tensors.keys()


def test_weights_in_a_folder_called_weights_are_found(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    torch.save({}, tmp_path / "weights" / "movq.pt")
    assert checkpoints.Layout.at(tmp_path).root == tmp_path / "weights"


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(errors.CheckpointMissing, match=re.escape("movq.pt or movq.safetensors")):
        checkpoints.Layout.at(tmp_path)
    torch.save({}, tmp_path / "movq.pt")
    layout = checkpoints.Layout.at(tmp_path)
    with pytest.raises(errors.CheckpointMissing, match=r"kandinsky3_flash\.pt"):
        layout.find("kandinsky3_flash")
    with pytest.raises(errors.CheckpointMissing, match=r"flan_ul2_encoder"):
        _ = layout.encoder
    with pytest.raises(errors.CheckpointMissing, match=r"spiece\.model nor tokenizer\.json"):
        text.load_tokenizer(tmp_path)


@pytest.mark.parametrize("name", ["spiece.model", "tokenizer.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff" * 9])
def test_a_tokenizer_that_is_damaged_is_told_with_its_path(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(errors.CheckpointInvalid, match=f"the tokenizer .*{name} cannot be read"):
        text.load_tokenizer(tmp_path)


def test_the_error_of_a_kind_without_files_names_them_and_the_command(tmp_path: Path) -> None:
    one = checkpoints.missing("upscale", ["kandi_super_res_x2_flash"], tmp_path)
    assert str(one).startswith(f"upscale needs kandi_super_res_x2_flash, which is not in {tmp_path}")
    assert f"`kandinsky-bot weights pull upscale --dir {tmp_path}`" in str(one)
    three = checkpoints.missing("inpaint", ["a", "b", "c"], tmp_path)
    assert "needs a, b and c, which are not" in str(three)


def test_the_command_in_an_error_fetches_into_the_folder_that_was_looked_into(tmp_path: Path) -> None:
    folder = tmp_path / "the owner's weights"
    folder.mkdir()
    with pytest.raises(errors.CheckpointMissing) as no_layout:
        checkpoints.Layout.at(folder)
    torch.save({}, folder / "movq.pt")
    layout = checkpoints.Layout.at(folder)
    with pytest.raises(errors.CheckpointMissing) as no_file:
        layout.find("kandinsky3_flash")
    with pytest.raises(errors.CheckpointMissing) as no_encoder:
        _ = layout.encoder
    for told in (no_layout, no_file, no_encoder):
        (command,) = re.findall(r"`([^`]*)`", str(told.value))
        assert shlex.split(command) == ["kandinsky-bot", "weights", "pull", "text_to_image", "--dir", str(folder)]


def test_official_files_are_not_sent_into_the_package() -> None:
    assert "--dir" not in str(checkpoints.missing("upscale", ["kandi_super_res_x2"], catalog.MINI_WEIGHTS))


class Harmful:
    """A pickle that would run code when it is read."""

    def __reduce__(self) -> tuple[object, ...]:
        return (pytest.fail, ("code of a checkpoint ran",))


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_file_of_another_kind_is_invalid(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"movq{suffix}"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(errors.CheckpointInvalid, match=f"movq{suffix}"):
        checkpoints.read(path)


def test_code_in_a_pickle_does_not_run(tmp_path: Path) -> None:
    path = tmp_path / "movq.pt"
    torch.save({"weight": Harmful()}, path)
    with pytest.raises(errors.CheckpointInvalid):
        checkpoints.read(path)
    path.write_bytes(pickle.dumps(Harmful(), protocol=2))
    with pytest.raises(errors.CheckpointInvalid):
        checkpoints.read(path)


def test_a_pickle_of_something_else_is_invalid(tmp_path: Path) -> None:
    torch.save([torch.ones(1)], tmp_path / "movq.pt")
    with pytest.raises(errors.CheckpointInvalid, match="list instead of a dict"):
        checkpoints.read(tmp_path / "movq.pt")


def test_faults_are_told_by_the_first_names_of_each_sort(tiny_weights: Path, tmp_path: Path) -> None:
    content = checkpoints.read(tiny_weights / "movq.safetensors")
    tensors = dict(content.tensors)
    del tensors["decoder.conv_in.bias"]
    tensors["stranger"] = torch.ones(1)
    tensors["encoder.conv_in.bias"] = torch.ones(5)
    path = tmp_path / "movq.safetensors"
    safetensors.torch.save_file(tensors, path, metadata=dict(content.metadata))
    with pytest.raises(errors.CheckpointInvalid) as caught:
        movq.load(path, CPU, torch.float32)
    told = str(caught.value)
    assert "movq.safetensors" in told
    assert "missing model.decoder.conv_in.bias" in told
    assert "unexpected model.stranger" in told
    assert "misshaped model.encoder.conv_in.bias [5] instead of [32]" in told


@pytest.mark.parametrize(
    ("weight", "told"),
    [
        (torch.tensor([1.0, torch.nan]), "damaged: not finite weight"),
        (torch.tensor([1.0, torch.inf]), "damaged: not finite weight"),
        (torch.tensor([1.0, 70000.0]), "damaged: not finite weight"),  # beyond float16, in which it would be used
        (torch.tensor([1, 2], dtype=torch.int8), "without fractions weight"),
    ],
)
def test_weights_that_are_no_fractional_numbers_are_told_before_anything_is_painted(
    weight: torch.Tensor, told: str
) -> None:
    with torch.device("meta"):
        module = torch.nn.ParameterDict({"weight": torch.nn.Parameter(torch.empty(2))})
    with pytest.raises(errors.CheckpointInvalid, match=f"hed.pt .*{told}"):
        checkpoints.fill(module, {"weight": weight}, "hed.pt", CPU, torch.float16)


@pytest.mark.parametrize(
    ("place", "file", "load"),
    [
        ("flan_ul2_encoder", "model.safetensors", text.load_encoder),
        ("image_encoder", "model.safetensors", image_encoder.load),
        ("kandinsky22_prior/prior", "diffusion_pytorch_model.safetensors", networks.load_prior),
    ],
)
def test_a_folder_with_weights_that_are_no_numbers_is_told(
    place: str, file: str, load: Callable[..., object], tmp_path: Path
) -> None:
    shutil.copytree(catalog.MINI_WEIGHTS / place, tmp_path, dirs_exist_ok=True)
    tensors = safetensors.torch.load_file(tmp_path / file)
    broken = next(name for name in tensors if "norm" in name)
    tensors[broken][0] = torch.nan
    safetensors.torch.save_file(tensors, tmp_path / file, metadata={"format": "pt"})
    with pytest.raises(errors.CheckpointInvalid, match=f"not finite {broken}"):
        load(tmp_path, CPU, torch.float32)


def test_a_pickle_that_is_cut_anywhere_is_invalid(tmp_path: Path) -> None:
    path = tmp_path / "hed.pth"
    for zipped in (True, False):
        torch.save({"weight": torch.ones(3), "bias": torch.ones(2)}, path, _use_new_zipfile_serialization=zipped)
        whole = path.read_bytes()
        for length in range(0, len(whole) - 1, 11):
            path.write_bytes(whole[:length])
            with pytest.raises(errors.CheckpointInvalid, match=r"hed\.pth"):
                checkpoints.read(path)


def test_a_folder_that_cannot_be_looked_into_is_told() -> None:
    with pytest.raises(errors.CheckpointMissing, match="cannot be looked into"):
        checkpoints.Layout.at(Path("/", "x" * 300))


def test_long_lists_of_faults_are_cut() -> None:
    with pytest.raises(errors.CheckpointInvalid, match=r"missing a, b, c and 2 more"):
        checkpoints.verify("x", dict.fromkeys("abcde", (1,)), {})


def test_loaded_size_is_known_before_loading(tiny_weights: Path, tmp_path: Path) -> None:
    path = tiny_weights / "movq.safetensors"
    numbers = sum(tensor.numel() for tensor in checkpoints.read(path).tensors.values())
    assert checkpoints.loaded_bytes(path, 2) == numbers * 2
    torch.save({"unet": {"a": torch.ones(3, 5, dtype=torch.float16)}}, tmp_path / "kandinsky3.pt")
    assert checkpoints.loaded_bytes(tmp_path / "kandinsky3.pt", 4) == 60
    encoder = checkpoints.loaded_bytes(tiny_weights / "flan_ul2_encoder", 4)
    model = text.load_encoder(tiny_weights / "flan_ul2_encoder", CPU, torch.float32)
    assert encoder == sum(parameter.numel() * 4 for parameter in model.parameters())


def test_an_encoder_without_a_weight_is_invalid(tiny_weights: Path, tmp_path: Path) -> None:
    for file in (tiny_weights / "flan_ul2_encoder").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    tensors = safetensors.torch.load_file(tmp_path / "model.safetensors")
    del tensors["encoder.final_layer_norm.weight"]
    safetensors.torch.save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(errors.CheckpointInvalid, match="final_layer_norm"):
        text.load_encoder(tmp_path, CPU, torch.float32)


def test_a_projection_without_its_matrix_is_invalid() -> None:
    with pytest.raises(errors.CheckpointInvalid, match=r"0\.weight"):
        text.projection_from_original({"1.bias": torch.ones(2)})
    with pytest.raises(errors.CheckpointInvalid, match=r"projection_norm\.bias"):
        text.projection_from_original({"0.weight": torch.ones(2, 3), "1.weight": torch.ones(2)})


@pytest.mark.parametrize("stored", ['{"width": 3}', "[1]", "{"])
def test_a_configuration_that_is_not_understood_is_invalid(stored: str) -> None:
    with pytest.raises(errors.CheckpointInvalid, match="configuration"):
        unet.UNetConfig.parse(stored)
    with pytest.raises(errors.CheckpointInvalid, match="configuration"):
        movq.MoVQConfig.parse(stored)
