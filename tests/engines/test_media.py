"""Pictures from outside: whatever comes, a plain picture or a clear refusal."""

from __future__ import annotations

import contextlib
import io
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from engines import errors, media

ORIENTATION = 0x0112


def file(image: Image.Image, form: str = "PNG", **options: object) -> dict[str, bytes]:
    out = io.BytesIO()
    image.save(out, format=form, **options)
    return {"a": out.getvalue()}


def test_a_turned_photo_comes_upright_and_without_metadata() -> None:
    image = Image.new("RGB", (40, 20), "red")
    exif = image.getexif()
    exif[ORIENTATION] = 6  # a quarter turn
    upright = media.decode("a", file(image, "JPEG", exif=exif.tobytes()))
    assert (upright.size, upright.mode, upright.info) == ((20, 40), "RGB", {})


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["RGB", "LA", "P"])
def test_every_orientation_is_turned_as_pillow_turns_it(orientation: int, mode: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    given = file(Image.effect_noise((5, 3), 50).convert("RGB").convert(mode), exif=exif)
    with Image.open(io.BytesIO(given["a"])) as stored:
        expected = ImageOps.exif_transpose(stored).convert("RGB")
    assert np.array_equal(np.asarray(media.decode("a", given)), np.asarray(expected))


def garbled_exif() -> bytes:
    """A quarter turn, and a resolution that calls itself a text."""
    turn = struct.pack(">HHIHH", ORIENTATION, 3, 1, 6, 0)
    resolution = struct.pack(">HHII", 0x011A, 2, 1, 38)
    return b"Exif\0\0" + struct.pack(">2sHIH", b"MM", 42, 8, 2) + turn + resolution + struct.pack(">III", 0, 72, 1)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_turned_photo_whose_other_metadata_are_garbled_comes_upright(form: str) -> None:
    given = file(Image.new("RGB", (40, 20), "red"), form, exif=garbled_exif())
    assert media.decode("a", given).size == (20, 40)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_photo_whose_metadata_make_no_sense_comes_as_it_is(form: str) -> None:
    given = file(Image.new("RGB", (40, 20), "red"), form, exif=b"Exif\0\0MM\xff*\0\0\0\x08")
    assert media.decode("a", given).size == (40, 20)
    assert media.decode_mask("a", given).shape == (20, 40)


def test_pillow_says_nothing_on_the_terminal(tmp_path: Path) -> None:
    given = [
        file(Image.new("1", (10_000, 9_000))),  # more pixels than Pillow likes
        file(Image.new("RGB", (4, 2)), exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x09"),  # nine entries that are not there
    ]
    for number, one in enumerate(given):
        (tmp_path / f"{number}.png").write_bytes(one["a"])
    program = "\n".join(
        [
            "import contextlib, pathlib, sys",
            "from engines import errors, media",
            "for path in map(pathlib.Path, sys.argv[1:]):",
            "    with contextlib.suppress(errors.InvalidTask):",
            "        media.decode('a', {'a': path.read_bytes()})",
        ]
    )
    command = [sys.executable, "-c", program, *map(str, sorted(tmp_path.iterdir()))]
    root = str(Path(__file__).parents[2])
    ran = subprocess.run(command, capture_output=True, text=True, cwd=root, timeout=60, check=True)
    assert (ran.stdout, ran.stderr) == ("", "")


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("RGBA", (2, 2), (255, 0, 0, 0)), (255, 255, 255)),
        (Image.new("L", (2, 2), 7), (7, 7, 7)),
        (Image.new("LA", (2, 2), (7, 255)), (7, 7, 7)),
        (Image.new("P", (2, 2), 0), (0, 0, 0)),
        (Image.new("1", (2, 2), 1), (255, 255, 255)),
        (Image.fromarray(np.full((2, 2), 0x8080, np.uint16)), (128, 128, 128)),
    ],
    ids=["transparent", "grey", "grey and alpha", "palette", "one bit", "16 bits"],
)
def test_every_sort_of_pixel_becomes_rgb(image: Image.Image, expected: tuple[int, int, int]) -> None:
    assert media.decode("a", file(image)).getpixel((0, 0)) == expected


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_the_formats_that_people_send_are_read(form: str) -> None:
    assert media.decode("a", file(Image.new("RGB", (8, 6), "blue"), form)).size == (8, 6)


def test_a_mask_is_one_where_it_is_white_and_nought_where_it_is_black_or_transparent() -> None:
    image = Image.new("RGBA", (3, 1), "black")
    image.putpixel((0, 0), (255, 255, 255, 255))
    image.putpixel((2, 0), (255, 255, 255, 0))
    mask = media.decode_mask("a", file(image))
    assert mask.dtype == np.float32
    assert mask.tolist() == [[1.0, 0.0, 0.0]]


def broken(content: bytes) -> dict[str, bytes]:
    return {"a": content}


PICTURE = file(Image.effect_noise((64, 64), 50))["a"]


@pytest.mark.parametrize("decode", [media.decode, media.decode_mask])
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "not given"),
        (broken(b""), "cannot be read"),
        (broken(PICTURE[:-200]), "cannot be read"),
        (file(Image.new("RGB", (2, 2)), "GIF"), "cannot be read"),
        (file(Image.new("1", (11, 10))), r"too many pixels \(11x10\)"),
        (file(Image.new("1", (20_000, 20_000))), "too many pixels"),
        (file(Image.new("1", (1, media.SIDE_LIMIT + 1))), r"too long \(1x65536 pixels\)"),
    ],
    ids=["absent", "empty", "cut off", "another format", "large", "a bomb", "a thread"],
)
def test_what_cannot_be_used_is_refused_with_its_name(
    decode: Callable[..., object], given: dict[str, bytes], says: str
) -> None:
    with pytest.raises(errors.InvalidTask, match=rf"\ba\b.*{says}"):
        decode("a", given, pixel_limit=100 if "11x10" in says else media.PIXEL_LIMIT)


@given(st.integers(0, len(PICTURE) - 1), st.binary(min_size=1, max_size=8))
def test_a_damaged_file_is_a_picture_or_a_refusal(place: int, damage: bytes) -> None:
    damaged = PICTURE[:place] + damage + PICTURE[place + len(damage) :]
    with contextlib.suppress(errors.InvalidTask):
        assert media.decode("a", broken(damaged)).mode == "RGB"
