"""Files of pictures: refused before anything is painted, or written whole."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from bot import output
from bot.errors import StartError


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def everything(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_further_pictures_have_numbers() -> None:
    assert output.paths(Path("star.PNG"), 3) == [Path("star.PNG"), Path("star-2.PNG"), Path("star-3.PNG")]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("star.jpg", "write -o star.png"),
        ("star", "write -o star.png"),
        ("my star", "write -o 'my star.png'"),
        ("", "write -o picture.png"),
        (".", "write -o picture.png"),
        ("..", "write -o ../picture.png"),
        ("/", "write -o /picture.png"),
        ("plain", "write -o plain/picture.png"),
        ("folder.png", "folder.png is a folder. Write -o folder.png/picture.png"),
        ("nowhere/star.png", "no folder nowhere"),
        ("file.png/star.png", "no folder file.png"),
        ("/proc/star.png", "/proc/star.png cannot be written: No such file or directory."),
        (f"{'n' * 300}.png", "cannot be written: File name too long."),
        ("n" * 300, "cannot be written: File name too long."),
        (f"{'n' * 300}/star.png", "cannot be written: File name too long."),
        ("taken.png", "taken-2.png is a folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_with_what_to_write(folder: Path, asked: str, says: str) -> None:
    for name in ("plain", "folder.png", "taken-2.png"):
        (folder / name).mkdir()
    (folder / "file.png").write_bytes(b"there")
    with pytest.raises(StartError) as told:
        output.paths(Path(asked), 2)
    assert says in str(told.value)
    assert everything(folder) == {"file.png": b"there"}


def test_looking_at_a_place_changes_nothing_there(folder: Path) -> None:
    for name in ("star.png", "star.png.new"):
        (folder / name).write_bytes(b"there")
    output.paths(Path("star.png"), 2)
    assert everything(folder) == {"star.png": b"there", "star.png.new": b"there"}


def test_a_disk_that_takes_half_of_a_picture_keeps_the_one_before(folder: Path) -> None:
    before, content = b"the picture before", b"x" * 100_000
    (folder / "star.png").write_bytes(before)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(StartError, match=r"star\.png cannot be written: File too large"):
            output.put(Path("star.png"), content)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert everything(folder) == {"star.png": before}
    output.put(Path("star.png"), content)
    assert everything(folder) == {"star.png": content}


def test_a_link_goes_on_pointing_to_its_file(folder: Path) -> None:
    (folder / "kept").mkdir()
    (folder / "star.png").symlink_to(folder / "kept" / "first.png")
    output.put(Path("star.png"), b"new")
    assert (folder / "star.png").is_symlink()
    assert everything(folder / "kept") == {"first.png": b"new"}
