"""Files of users and results on disk: named by us, written whole or not at all, read by relative path only.

The database knows which files exist and when they may go; this module only touches the disk.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger(__name__)

_FANOUT: Final = 2  # hex digits of the sub-folder: 256 folders keep listings short


class MediaError(Exception):
    """A media file cannot be stored or read."""

    code = "media_error"


class FileGone(MediaError):
    """The file was swept, or never was."""

    code = "file_gone"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file on disk: its path relative to the store, size in bytes, and SHA-256 in hex."""

    path: str
    size_bytes: int
    sha256: str


class MediaStore:
    """A folder of files that are durable once `save` has returned."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._root.mkdir(parents=True, exist_ok=True)

    async def save(self, content: bytes, *, suffix: str) -> StoredFile:
        """Store bytes under a fresh random name; `suffix` such as ".png" is ours, never the user's."""
        return await asyncio.to_thread(self._save, content, suffix)

    async def read(self, path: str) -> bytes:
        """The bytes of a stored file. Raises FileGone."""
        try:
            return await asyncio.to_thread(self.locate(path).read_bytes)
        except FileNotFoundError as error:
            raise FileGone(path) from error

    async def delete(self, paths: list[str]) -> int:
        """Remove files; those already gone do not count. Returns how many were removed."""
        return await asyncio.to_thread(lambda: sum(self._delete(path) for path in paths))

    def locate(self, path: str) -> Path:
        """Where a stored file lies. Raises MediaError for a path that leaves the store."""
        absolute = (self._root / path).resolve()
        if not absolute.is_relative_to(self._root):
            raise MediaError("the path leaves the media store")
        return absolute

    def _save(self, content: bytes, suffix: str) -> StoredFile:
        name = secrets.token_hex(16) + suffix
        relative = Path(name[:_FANOUT]) / name
        absolute = self._root / relative
        absolute.parent.mkdir(exist_ok=True)
        partial = absolute.with_suffix(".partial")
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(absolute)
        _sync_folder(absolute.parent)
        return StoredFile(relative.as_posix(), len(content), hashlib.sha256(content).hexdigest())

    def _delete(self, path: str) -> bool:
        try:
            self.locate(path).unlink()
        except FileNotFoundError:
            return False
        return True

    async def files(self) -> list[str]:
        """Relative paths of all files in the store, including unfinished ones a crash left behind."""

        def listing() -> list[str]:
            return [path.relative_to(self._root).as_posix() for path in self._root.rglob("*") if path.is_file()]

        return await asyncio.to_thread(listing)

    def age_s(self, path: str, now_s: float) -> float:
        """Seconds since the file was written; 0 for one that is gone."""
        try:
            return max(0.0, now_s - self.locate(path).stat().st_mtime)
        except FileNotFoundError:
            return 0.0


def _sync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power cut (fsync of the file alone does not)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
