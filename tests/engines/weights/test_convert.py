"""Published files in every form that there is, made into ours; and what verification finds of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import torch

from engines import errors
from engines.weights import convert, local, lock, manifest, pull
from engines.weights.manifest import Form, Part
from tests import official_layout as official

BOOK = manifest.load()


class Harmful:
    """A pickle that would run code when it is read."""

    def __reduce__(self) -> tuple[object, ...]:
        return (pytest.fail, ("code of a checkpoint ran",))


def converted(folder: Path, part: Part, content: bytes, half: bool = False) -> dict[str, dict[str, torch.Tensor]]:
    """What becomes of a published file, by path."""
    source = folder / "published"
    source.write_bytes(content)
    written = convert.convert(source, folder, part.target("published"), part, half)
    return {path: safetensors.torch.load_file(folder / path) for path in written}


@pytest.mark.parametrize(
    "tree",
    [
        {"in_layer.weight": torch.ones(2)},
        {"unet": {"in_layer.weight": torch.ones(2)}, "optimiser": {"step": torch.ones(1)}},
    ],
)
def test_super_resolution_is_bare_whatever_it_came_in(tmp_path: Path, tree: dict[str, object]) -> None:
    written = converted(tmp_path, Part("published", "sr", Form.BARE), official.pickled(tree))
    assert {path: set(tensors) for path, tensors in written.items()} == {"sr.safetensors": {"in_layer.weight"}}


def test_a_network_of_the_fork_gets_the_prefix_and_loses_its_projection(tmp_path: Path) -> None:
    inside = {
        "in_layer.weight": official.numbers(1, 2, 3),
        "projection_lin.weight": official.numbers(2, 4, 4),
        "projection_ln.weight": official.numbers(3, 4),
        "projection_ln.bias": official.numbers(4, 4),
    }
    part = Part("published", "kandinsky3_ip", Form.FORK, "projection_ip", half="bfloat16")
    written = converted(tmp_path, part, official.pickled(inside), half=True)
    assert set(written["kandinsky3_ip.safetensors"]) == {"unet.in_layer.weight"}
    assert written["kandinsky3_ip.safetensors"]["unet.in_layer.weight"].dtype == torch.bfloat16
    projection = written["flan_ul2_encoder/projection_ip.safetensors"]
    assert torch.equal(projection["0.weight"], inside["projection_lin.weight"])
    assert torch.equal(projection["1.weight"], inside["projection_ln.weight"])
    assert torch.equal(projection["1.bias"], inside["projection_ln.bias"])


def test_the_older_layout_is_split_into_network_and_projection(tmp_path: Path) -> None:
    old = {**official.network(1), "projections": {"t5": official.projection(9)}}
    written = converted(tmp_path, Part("published", "kandinsky3", Form.TENSORS), official.pickled(old))
    assert set(written["kandinsky3.safetensors"]) == {"unet.in_layer.weight", "unet.out_layer.0.bias", "null_embedding"}
    projection = written["flan_ul2_encoder/projection.safetensors"]
    assert all(torch.equal(projection[name], tensor) for name, tensor in official.projection(9).items())
    with pytest.raises(errors.CheckpointInvalid, match="movq takes none"):
        converted(tmp_path, Part("published", "movq", Form.TENSORS), official.pickled(old))


def test_numbers_keep_their_type_and_half_precision_its_bits(tmp_path: Path) -> None:
    half = official.numbers(1, 5, dtype=torch.bfloat16)
    written = converted(tmp_path, Part("published", "kandinsky3_depth", Form.TENSORS), official.pickled({"a": half}))
    assert written["kandinsky3_depth.safetensors"]["a"].dtype == torch.bfloat16
    assert torch.equal(written["kandinsky3_depth.safetensors"]["a"], half)


@pytest.mark.parametrize("content", [b"<html>", official.pickled({}), official.pickled({"w": Harmful()})])
def test_what_is_no_checkpoint_is_not_converted(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(errors.CheckpointInvalid, match="published"):
        converted(tmp_path, Part("published", "movq", Form.TENSORS), content)
    assert not (tmp_path / "movq.safetensors").exists()


def test_shards_want_all_of_them_before_they_get_an_index(tmp_path: Path) -> None:
    part = Part("w/pytorch_model*.bin", "e/", Form.SHARDS)
    for number in (1, 3):
        source = tmp_path / f"pytorch_model-0000{number}-of-00003.bin"
        source.write_bytes(official.pickled({f"layer.{number}": torch.ones(number)}))
        convert.convert(source, tmp_path, part.target(f"w/{source.name}"), part)
    with pytest.raises(errors.CheckpointInvalid, match="2 of 3 shards"):
        convert.index(tmp_path / "e")


def test_a_damaged_shard_is_told_by_its_name_when_it_is_to_be_listed(tmp_path: Path) -> None:
    (tmp_path / "model-00001-of-00001.safetensors").write_bytes(b"<html>not found</html>")
    with pytest.raises(errors.CheckpointInvalid, match=r"model-00001-of-00001\.safetensors is not"):
        convert.index(tmp_path)


def test_files_that_were_put_there_are_converted_where_they_lie(tmp_path: Path) -> None:
    (tmp_path / "flan_ul2_encoder").mkdir()
    for path, content in official.kandinsky().items():
        (tmp_path / path.removeprefix("weights/")).write_bytes(content)
    for name, content in official.super_resolution().items():
        (tmp_path / name).write_bytes(content)
    written = local.convert_all(tmp_path, BOOK.kinds, pull.Options(remove_originals=True))
    assert {"kandinsky3.safetensors", "movq.safetensors", "kandi_super_res_x4.safetensors"} < set(written)
    assert "flan_ul2_encoder/model-00001-of-00002.safetensors" in written
    assert (tmp_path / "flan_ul2_encoder" / convert.INDEX).is_file()
    left = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert left.isdisjoint({".pt", ".bin", ".ckpt"})
    assert local.convert_all(tmp_path, BOOK.kinds) == []


def test_what_the_refine_pass_hears_is_joined_from_its_two_files(tmp_path: Path) -> None:
    context, mask = official.numbers(1, 1, 8, 4, dtype=torch.float16), torch.tensor([[1, 0, 0, 0, 0, 0, 0, 0]])
    torch.save(context, tmp_path / "context.pt")
    assert local.convert_all(tmp_path, []) == []
    torch.save(mask, tmp_path / "context_mask.pt")
    assert local.convert_all(tmp_path, []) == [convert.REFINE_CONTEXT]
    written = safetensors.torch.load_file(tmp_path / convert.REFINE_CONTEXT)
    assert torch.equal(written["context"], context)
    assert torch.equal(written["context_mask"], mask)
    assert lock.read(tmp_path).files.keys() == {convert.REFINE_CONTEXT}


def test_verification_finds_what_changed_and_what_is_gone(tmp_path: Path) -> None:
    for name, content in official.super_resolution().items():
        (tmp_path / name).write_bytes(content)
    local.convert_all(tmp_path, ["upscale", "upscale_plain_x2"], pull.Options(remove_originals=True))
    (tmp_path / "mine.safetensors").write_bytes(b"mine")
    changed, gone = tmp_path / "kandi_super_res_x4.safetensors", tmp_path / "kandi_super_res_x2.safetensors"
    content = bytearray(changed.read_bytes())
    content[-1] ^= 1
    changed.write_bytes(content)
    gone.unlink()
    found = {finding.path: finding.verdict for finding in local.verify(tmp_path)}
    assert found == {
        "kandi_super_res_x4.safetensors": local.Verdict.CHANGED,
        "kandi_super_res_x2.safetensors": local.Verdict.MISSING,
        "kandi_super_res_x2_flash.safetensors": local.Verdict.WELL,
        "mine.safetensors": local.Verdict.UNKNOWN,
    }
    quick = {finding.path: finding.verdict for finding in local.verify(tmp_path, quick=True)}
    assert quick["kandi_super_res_x4.safetensors"] is local.Verdict.WELL


@pytest.mark.parametrize("text", ["{", "[]", '{"files": {"a": {"bytes": "x", "sha256": "y", "origin": null}}}'])
def test_a_lock_that_cannot_be_read_says_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / lock.NAME).write_text(text, "utf-8")
    with pytest.raises(errors.CheckpointInvalid, match="delete it and pull again"):
        lock.read(tmp_path)
