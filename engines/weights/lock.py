"""The lock beside the weights: which commit of each repository is in use, and what every file has to be.

No publisher states checksums of its own, so the first pull fixes them: the commit that the hub resolved, the checksum
that the hub names for each file (verified while the bytes come), and the checksum of what conversion made of it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engines import errors
from engines.weights import disk

NAME = "weights.lock.json"


@dataclass(frozen=True, slots=True)
class Origin:
    """The published file that one of ours comes from."""

    repository: str
    commit: str
    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the layout: its size and checksum, and where it comes from."""

    bytes: int
    sha256: str
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """Commits and licences by repository as the hub told them, the files that each component has, and what they are.

    Files are named by their path below the root.
    """

    commits: Mapping[str, str] = field(default_factory=dict)
    licences: Mapping[str, str] = field(default_factory=dict)
    wanted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, Entry] = field(default_factory=dict)

    def with_repository(self, repository: str, commit: str, licence: str | None) -> Lock:
        licences = {**self.licences, repository: licence} if licence else self.licences
        return dataclasses.replace(self, commits={**self.commits, repository: commit}, licences=licences)

    def with_component(self, name: str, files: tuple[str, ...]) -> Lock:
        return dataclasses.replace(self, wanted={**self.wanted, name: files})

    def with_file(self, path: str, entry: Entry) -> Lock:
        return dataclasses.replace(self, files={**self.files, path: entry})

    def without(self, path: str) -> Lock:
        return dataclasses.replace(self, files={name: entry for name, entry in self.files.items() if name != path})


def read(root: Path) -> Lock:
    """The lock of a directory of weights; an empty one where there is none. Raises CheckpointInvalid."""
    path = root / NAME
    try:
        stored = json.loads(path.read_text("utf-8"))
        files = {name: _entry(entry) for name, entry in stored["files"].items()}
        wanted = {name: tuple(paths) for name, paths in stored["wanted"].items()}
        return Lock(dict(stored["commits"]), dict(stored["licences"]), wanted, files)
    except FileNotFoundError:
        return Lock()
    except OSError as error:
        raise errors.CheckpointInvalid(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise errors.CheckpointInvalid(
            f"{path} is not a lock of weights ({type(error).__name__}); delete it and pull again: "
            "what is there and whole is not fetched twice"
        ) from error


def write(root: Path, lock: Lock) -> None:
    """Put the lock in place in one act: a kill leaves the old one or the new one, never a half."""
    text = json.dumps(dataclasses.asdict(lock), indent=2, sort_keys=True) + "\n"
    disk.replace(root / NAME, text.encode())


def _entry(stored: Mapping[str, object]) -> Entry:
    origin = stored["origin"]
    found = Origin(**origin) if isinstance(origin, dict) else None
    size, sha256 = stored["bytes"], stored["sha256"]
    if not isinstance(size, int) or not isinstance(sha256, str):
        raise TypeError("sizes are numbers and checksums are texts")
    return Entry(size, sha256, found)
