"""The manifest: every kind has its files, and every file its place."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from engines import errors, tasks
from engines.kandinsky3 import files
from engines.weights import manifest
from engines.weights.manifest import Form, Part
from tests import official_layout as official

BOOK = manifest.load()


def test_every_kind_of_the_image_family_says_what_it_needs() -> None:
    kinds = {kind.model_fields["kind"].default for kind in get_args(tasks.Task)}
    assert kinds <= BOOK.kinds.keys()
    assert tasks.Model.KANDINSKY_22 in BOOK.kinds


def test_every_component_serves_a_kind() -> None:
    assert {name for names in BOOK.kinds.values() for name in names} == BOOK.components.keys()


def test_shared_components_are_needed_once() -> None:
    names = [component.name for component in BOOK.needed(["inpaint", "outpaint", "text_to_image"])]
    assert sorted(names) == sorted({*BOOK.kinds["inpaint"], *BOOK.kinds["text_to_image"]})


def test_an_unknown_kind_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(errors.InvalidTask, match=r"'paint'.*text_to_image"):
        BOOK.needed(["paint"])


def test_what_fetches_a_missing_file_is_its_kind_or_else_its_component() -> None:
    assert BOOK.fetching("inpaint", ["kandinsky3_inpainting"]) == ("inpaint",)
    assert BOOK.fetching("style_transfer", ["kandinsky3_depth"]) == ("kandinsky3_depth",)
    assert BOOK.fetching("style_transfer", ["hed", "image_encoder"]) == ("style_transfer", "image_encoder")
    assert BOOK.fetching("kandinsky-2.2", ["kandinsky22_prior/prior"]) == ("kandinsky-2.2",)
    for kind, components in BOOK.kinds.items():
        assert set(BOOK.needed([kind])) == set(BOOK.needed(components))
        assert set(BOOK.core) <= set(components)


def test_a_kind_brings_every_file_that_the_engines_ask_it_for() -> None:
    for kind, stems in files.NEEDS.items():
        assert BOOK.fetching(kind, stems) == (kind,)
    for stems in files.CONTROLS.values():
        brought = {component.name for component in BOOK.needed(BOOK.fetching("style_transfer", stems))}
        assert brought >= set(stems)


def test_no_two_files_have_one_place() -> None:
    listings = {
        official.KANDINSKY: official.kandinsky(),
        official.IMAGE_PROMPT: official.image_prompt(),
        official.SUPER_RESOLUTION: official.super_resolution(),
        official.PRIOR: official.prior(),
    }
    places = [
        part.target(path)
        for component in BOOK.components.values()
        for part in component.parts
        for path in manifest.chosen(part, listings.get(component.repository, {}))
    ]
    assert len(places) == len(set(places)) > 20


@pytest.mark.parametrize(
    ("part", "path", "target"),
    [
        (Part("weights/movq.pt", "movq", Form.TENSORS), "weights/movq.pt", "movq.safetensors"),
        (Part("w/e/p*.bin", "e/", Form.SHARDS), "w/e/pytorch_model-1-of-2.bin", "e/model-1-of-2.safetensors"),
        (Part("image_processor/p.json", "image_encoder/", Form.COPY), "image_processor/p.json", "image_encoder/p.json"),
        (Part("*/*", "prior/", Form.COPY), "tokenizer/vocab.json", "prior/tokenizer/vocab.json"),
        (Part("unet/*", "decoder/unet/", Form.COPY), "unet/config.json", "decoder/unet/config.json"),
        (Part("model_index.json", "prior/", Form.COPY), "model_index.json", "prior/model_index.json"),
    ],
)
def test_a_published_file_has_its_place(part: Part, path: str, target: str) -> None:
    assert part.target(path) == target


def test_of_two_formats_safetensors_is_taken_and_half_precision_never() -> None:
    (whole,) = (part for part in BOOK.components["kandinsky22_prior"].parts if part.pattern == "*/*")
    assert manifest.chosen(whole, official.prior()) == (
        "prior/config.json",
        "prior/diffusion_pytorch_model.safetensors",
        "text_encoder/pytorch_model.bin",
        "tokenizer/vocab.json",
    )


def written(folder: Path, repository: str) -> Path:
    """A manifest of one repository."""
    path = folder / "manifest.toml"
    part = '{ from = "a", to = "a", as = "copy" }'
    component = f'what = "a"\nrepository = "r/a"\nabout_bytes = 1\nparts = [{part}]'
    text = f'core = ["a"]\n[repositories]\n"r/a" = {repository}\n[components.a]\n{component}\n[kinds]\npaint = []\n'
    path.write_text(text, "utf-8")
    return path


def test_a_repository_may_have_a_commit_of_its_own(tmp_path: Path) -> None:
    commit = "0123456789abcdef" * 2 + "01234567"
    pinned = manifest.load(written(tmp_path, f'{{ licence = "mit", revision = "{commit}" }}'))
    assert (pinned.licences, pinned.revisions) == ({"r/a": "mit"}, {"r/a": commit})


@pytest.mark.parametrize("repository", ['"mit"', '{ licence = "mit" }'])
def test_a_repository_without_one_is_not_pinned(tmp_path: Path, repository: str) -> None:
    loose = manifest.load(written(tmp_path, repository))
    assert (loose.licences, loose.revisions) == ({"r/a": "mit"}, {})


@pytest.mark.parametrize(
    ("repository", "says"),
    [
        ('{ licence = "mit", revision = "main" }', "pinned to 'main', which is no commit"),
        ('{ licence = "mit", revision = "0123456" }', "40 hexadecimal digits"),
        ('{ licence = "mit", revison = "0123456" }', "unknown entries: revison"),
        ('{ revision = "0123456789012345678901234567890123456789" }', "licence"),
        ('{ licence = "mit", revision = 7 }', "is not a manifest"),
    ],
)
def test_what_pins_nothing_is_invalid(tmp_path: Path, repository: str, says: str) -> None:
    with pytest.raises(errors.CheckpointInvalid, match=says):
        manifest.load(written(tmp_path, repository))


@pytest.mark.parametrize(
    "text",
    [
        "core = []\n[repositories]",
        "no toml",
        'core = []\n[repositories]\n[components]\n[kinds]\npaint = ["brush"]',
        'core = []\n[repositories]\n[components.a]\nwhat="a"\nrepository="r/a"\nabout_bytes=1\nparts=[]\n[kinds]\n',
    ],
)
def test_a_manifest_that_does_not_hold_together_is_invalid(tmp_path: Path, text: str) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(errors.CheckpointInvalid, match=r"manifest\.toml"):
        manifest.load(path)
