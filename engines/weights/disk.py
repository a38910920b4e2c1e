"""Files on the disk: put in place in one act, room asked for before, one writer at a time."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from engines import errors

CHUNK_BYTES = 2**20
SPARE_BYTES = 2**30  # stays free beside the weights: a full disk stops the database too
BUSY = ".weights.busy"


def place(draft: Path, path: Path) -> None:
    """Rename a finished file over its place, durably: the folder is synchronised too."""
    os.replace(draft, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def replace(path: Path, content: bytes) -> None:
    """Write a small file in one act, durably."""
    draft = path.with_name(f"{path.name}.new")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    place(draft, path)


def sha256(path: Path, on_bytes: Callable[[int], None] = lambda _: None) -> str:
    """The checksum of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            on_bytes(len(chunk))
    return digest.hexdigest()


def require_room(folder: Path, need_bytes: int, spare_bytes: int = SPARE_BYTES) -> None:
    """Raise NoRoom unless the disk of a folder has so much free, and some to spare."""
    standing = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.is_dir())
    free = shutil.disk_usage(standing).free
    if need_bytes and free < need_bytes + spare_bytes:
        raise errors.NoRoom(
            f"{gigabytes(need_bytes)} are needed in {folder}, and {gigabytes(free)} are free "
            f"({gigabytes(spare_bytes)} are left to others); `--remove-originals` and `--half` need less"
        )


def failure(error: OSError, failed: str) -> errors.CheckpointError:
    """What an error of the disk means for weights."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return errors.NoRoom(f"{failed}: the disk is full; make room and run the same command again")
    return errors.DownloadFailed(f"{failed}: {error}")


@contextlib.contextmanager
def exclusive(root: Path) -> Iterator[None]:
    """Be the only one who changes a directory of weights. Raises DownloadFailed while somebody else does.

    Whatever the disk refuses inside, a directory that must not be written or a full one, becomes DownloadFailed or
    NoRoom. The system gives the lock back when its holder dies, so nothing stays locked after a kill.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        with (root / BUSY).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise errors.DownloadFailed(f"another command is changing {root}; wait for its end") from error
            yield
    except OSError as error:
        raise failure(error, f"the weights in {root} cannot be changed") from error


def gigabytes(size_bytes: int) -> str:
    """A size as people read it: 12.2 GB, 67 MB, 1 kB for a few bytes, 0 kB for none."""
    if size_bytes >= 10**9:
        return f"{size_bytes / 10**9:.1f} GB"
    if size_bytes >= 10**6:
        return f"{size_bytes / 10**6:.0f} MB"
    return f"{min(size_bytes, max(1, round(size_bytes / 1000)))} kB"
