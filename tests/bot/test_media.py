"""Files of users and results on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.media import FileGone, MediaError, MediaStore


async def test_a_saved_file_is_read_back_and_its_name_is_ours(tmp_path: Path) -> None:
    store = MediaStore(tmp_path)
    stored = await store.save(b"picture", suffix=".png")
    assert await store.read(stored.path) == b"picture"
    assert stored.size_bytes == 7
    assert Path(stored.path).suffix == ".png"
    assert await store.files() == [stored.path]


async def test_equal_contents_are_two_files(tmp_path: Path) -> None:
    store = MediaStore(tmp_path)
    first, second = await store.save(b"x", suffix=".png"), await store.save(b"x", suffix=".png")
    assert first.path != second.path
    assert first.sha256 == second.sha256


async def test_a_deleted_file_is_gone_and_deleting_it_again_is_no_error(tmp_path: Path) -> None:
    store = MediaStore(tmp_path)
    stored = await store.save(b"x", suffix=".png")
    assert await store.delete([stored.path, "00/never-there.png"]) == 1
    assert await store.delete([stored.path]) == 0
    with pytest.raises(FileGone):
        await store.read(stored.path)


@pytest.mark.parametrize("path", ["../secret", "/etc/hostname", "aa/../../secret"])
async def test_a_path_that_leaves_the_store_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("no")
    store = MediaStore(tmp_path / "media")
    with pytest.raises(MediaError):
        await store.read(path)


async def test_a_full_disk_leaves_no_file_under_the_final_name(tmp_path: Path) -> None:
    store = MediaStore(tmp_path)
    with pytest.raises(TypeError):
        await store.save("not bytes", suffix=".png")  # type: ignore[arg-type]
    assert all(path.endswith(".partial") for path in await store.files())
