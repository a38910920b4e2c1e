"""Files of an image prompt: real names and sizes, slim and complete, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from engines import checkpoints, errors
from engines.kandinsky3 import fork_projection, image_prompt, image_prompt_files, unet
from tests import tiny_weights

CPU = torch.device("cpu")
REAL_EXTRA, REAL_WHOLE = 378_991_872, 3_434_340_100  # parameters of the official checkpoint (facts, section 10)


def test_the_official_extra_tensors_are_ours_name_for_name_at_real_size(fixtures: Path) -> None:
    with torch.device("meta"):
        network = unet.Network(unet.UNetConfig())
        adapter = image_prompt.Adapter(image_prompt.AdapterSizes.of(network))
    original = image_prompt_files.to_original(adapter)
    recorded = image_prompt_files.extras(checkpoints.read(fixtures / "ip_adapter.safetensors").tensors)
    assert set(original) == set(recorded)
    assert len(original) == 112
    assert sum(tensor.numel() for tensor in original.values()) == REAL_EXTRA
    # the fork's U-Net has the text's projection inside, and no null embedding
    projection = 4096 * 4096 + 2 * 4096
    plain = sum(parameter.numel() for parameter in network.unet.parameters())
    assert plain + REAL_EXTRA + projection == REAL_WHOLE
    assert list(original["image_proj.weight"].shape) == [4 * 4096, 768]
    inside = "down_samples.1.resnet_attn_blocks.0.1.attention.processor."
    assert list(original[f"{inside}to_key_ip.weight"].shape) == [768, 4096]
    assert list(original[f"{inside}to_out_ip.weight"].shape) == [768, 768]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A slim and a complete file with the same numbers."""
    roots = {name: tmp_path_factory.mktemp(name) for name in ("slim", "complete")}
    for name, root in roots.items():
        tiny_weights.write_image_prompt(root, complete=name == "complete")
    return {name: root / "kandinsky3_ip.safetensors" for name, root in roots.items()}


def test_a_slim_and_a_complete_file_give_the_same_adapter(folders: dict[str, Path]) -> None:
    slim, complete = (
        image_prompt_files.load_adapter(folders[name], CPU, torch.float32) for name in ("slim", "complete")
    )
    assert slim.sizes == complete.sizes
    assert slim.sizes.tokens == 4
    for one, other in zip(slim.parameters(), complete.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_file_says_whether_it_is_complete_and_what_its_parts_take(folders: dict[str, Path]) -> None:
    slim, complete = folders["slim"], folders["complete"]
    assert (image_prompt_files.is_complete(slim), image_prompt_files.is_complete(complete)) == (False, True)
    assert (fork_projection.is_inside(slim), fork_projection.is_inside(complete)) == (False, True)
    extra = checkpoints.loaded_bytes(slim, 2)
    assert image_prompt_files.adapter_bytes(slim, 2) == image_prompt_files.adapter_bytes(complete, 2) == extra
    assert fork_projection.size_bytes(complete, 4) == sum(
        parameter.nbytes for parameter in fork_projection.load(complete, CPU, torch.float32).parameters()
    )


def test_a_complete_file_is_a_network_and_a_projection_too(folders: dict[str, Path], fixtures: Path) -> None:
    host = image_prompt_files.load_host(folders["complete"], CPU, torch.float32)
    golden = checkpoints.read(fixtures / "unet.safetensors").tensors
    assert torch.equal(host.unet.conv_in.weight, golden["unet.in_layer.weight"])
    assert not host.null_embedding.any()
    projection = fork_projection.load(folders["complete"], CPU, torch.float32)
    words = checkpoints.read(fixtures / "t5_condition.safetensors").tensors
    assert torch.equal(projection.projection_norm.bias, words["projection.1.bias"])
    image_prompt.Network(host, image_prompt_files.load_adapter(folders["complete"], CPU, torch.float32))


def test_an_adapter_survives_the_way_into_a_file_and_back(folders: dict[str, Path]) -> None:
    adapter = image_prompt_files.load_adapter(folders["slim"], CPU, torch.float32)
    again = image_prompt_files.adapter_from_original(image_prompt_files.to_original(adapter))
    assert again.state_dict().keys() == adapter.state_dict().keys()
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in adapter.state_dict().items())


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("ip.image_norm.weight", "image_norm"),
        ("ip.down_samples.1.resnet_attn_blocks.0.1.attention.processor.to_key_ip.bias", "missing attentions.0.to_key"),
        ("ip.down_samples.1.resnet_attn_blocks.0.1.attention.processor.to_out_ip.weight", "unexpected"),
    ],
)
def test_a_file_with_a_hole_is_refused_by_name(
    folders: dict[str, Path], tmp_path: Path, missing: str, told: str
) -> None:
    tensors = safetensors.torch.load_file(folders["slim"])
    del tensors[missing]
    path = tmp_path / "kandinsky3_ip.safetensors"
    safetensors.torch.save_file(tensors, path)
    with pytest.raises(errors.CheckpointInvalid, match=told):
        image_prompt_files.load_adapter(path, CPU, torch.float32)


def test_a_complete_file_of_other_sizes_than_it_says_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "kandinsky3_ip.safetensors"
    tensors = safetensors.torch.load_file(folders["complete"])
    with safetensors.safe_open(folders["complete"], "pt") as file:
        config = json.loads(file.metadata()["config"]) | {"time_embed_dim": 96}
    safetensors.torch.save_file(tensors, path, metadata={"config": json.dumps(config)})
    with pytest.raises(errors.CheckpointInvalid, match="misshaped"):
        image_prompt_files.load_host(path, CPU, torch.float32)
