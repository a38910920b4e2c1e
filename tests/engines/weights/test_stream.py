"""Tensors written one by one, against the library that reads them."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import pytest
import safetensors
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st

from engines import errors
from engines.weights import stream

DTYPES = st.sampled_from([torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool])
SHAPES = st.lists(st.integers(0, 4), max_size=3)
TENSORS = st.dictionaries(
    st.text("abc.", min_size=1, max_size=6),
    st.builds(
        lambda shape, dtype: (torch.arange(math.prod(shape)) % 3).to(dtype).reshape(shape),
        SHAPES,
        DTYPES,
    ),
    min_size=1,
    max_size=5,
)


@given(TENSORS)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, tensors: dict[str, torch.Tensor]
) -> None:
    path = tmp_path_factory.mktemp("written") / "w.safetensors"
    entry = stream.write(path, tensors, {"format": "pt", "config": "{}"})
    read = safetensors.torch.load_file(path)
    assert read.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name], tensor)
    with safetensors.safe_open(path, "pt") as file:
        assert file.metadata() == {"format": "pt", "config": "{}"}
    assert (entry.bytes, entry.sha256) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
    assert [file.name for file in path.parent.iterdir()] == ["w.safetensors"]


SOME = {
    "a.weight": torch.arange(40, dtype=torch.float32),
    "b": torch.ones(3, dtype=torch.float16),
    "n": torch.tensor(7),
}


@given(st.binary(max_size=600), st.integers(0, 600))
def test_whatever_an_interrupted_write_left_the_file_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, rubbish: bytes, kept: int
) -> None:
    folder = tmp_path_factory.mktemp("resumed")
    whole = stream.write(folder / "whole", SOME, {})
    content = (folder / "whole").read_bytes()
    (folder / "again.partial").write_bytes(content[:kept] + rubbish)
    assert stream.write(folder / "again", SOME, {}) == whole
    assert (folder / "again").read_bytes() == content


def test_a_type_is_given_to_floating_point_numbers_only(tmp_path: Path) -> None:
    stream.write(tmp_path / "w", SOME, {}, torch.bfloat16)
    read = safetensors.torch.load_file(tmp_path / "w")
    assert {name: tensor.dtype for name, tensor in read.items()} == {
        "a.weight": torch.bfloat16,
        "b": torch.bfloat16,
        "n": torch.int64,
    }
    assert torch.equal(read["a.weight"], SOME["a.weight"].bfloat16())


def test_views_are_written_as_what_they_show(tmp_path: Path) -> None:
    square = torch.arange(9.0).reshape(3, 3)
    stream.write(tmp_path / "w", {"turned": square.T, "column": square[:, 1]}, {})
    read = safetensors.torch.load_file(tmp_path / "w")
    assert torch.equal(read["turned"], square.T)
    assert torch.equal(read["column"], square[:, 1])


def test_numbers_that_the_format_does_not_know_are_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.CheckpointInvalid, match="complex64"):
        stream.write(tmp_path / "w", {"a": torch.ones(2, dtype=torch.complex64)}, {})
