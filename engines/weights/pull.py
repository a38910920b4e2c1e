"""Fetching what kinds need: what is missing is planned first, then fetched, converted and locked, file by file.

Each file is fetched, put in place, and only then written into the lock: after a kill anywhere the next call finds the
files that are whole, takes up the one that was coming, and never has to ask what happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Protocol

from engines import errors
from engines.weights import convert, disk, hub, lock, manifest
from engines.weights.manifest import Form, Part

ORIGINALS = "originals"


class Act(StrEnum):
    """What is being done to a file."""

    FETCHING = "fetching"
    CONVERTING = "converting"
    CHECKING = "checking"


class Watch(Protocol):
    """Who is told how the work goes on."""

    def unpinned(self, repository: str, commit: str) -> None: ...

    def plans(self, files: int, total_bytes: int) -> None: ...

    def begins(self, act: Act, path: str, total_bytes: int) -> None: ...

    def moves(self, by_bytes: int) -> None: ...


class Nobody:
    """Watches nothing."""

    def unpinned(self, repository: str, commit: str) -> None:
        pass

    def plans(self, files: int, total_bytes: int) -> None:
        pass

    def begins(self, act: Act, path: str, total_bytes: int) -> None:
        pass

    def moves(self, by_bytes: int) -> None:
        pass


NOBODY = Nobody()


@dataclass(frozen=True, slots=True)
class Job:
    """A published file that is to become one of ours."""

    listing: hub.Listing
    remote: hub.Remote
    part: Part
    target: str

    @property
    def form(self) -> Form:
        return self.part.form

    @property
    def original(self) -> str:
        """Where the published file lies: in its place if it stays as it is, else among the originals."""
        return self.target if self.form is Form.COPY else original(self.listing.repository, self.remote.path)


@dataclass(frozen=True, slots=True)
class Options:
    """`half`: store the 16-bit numbers in which cards compute. Originals are removed once they are converted."""

    half: bool = False
    remove_originals: bool = False


PLAIN = Options()


def original(repository: str, path: str) -> str:
    """Where a published file that is to be converted lies, below the root."""
    return f"{ORIGINALS}/{repository}/{path}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Files to fetch, the lock with the commits that the hub resolved, and folders whose shards want an index.

    `unpinned` are commits by repository that nothing named before: what is published now.
    """

    jobs: tuple[Job, ...]
    locked: lock.Lock
    shard_folders: frozenset[str]
    unpinned: Mapping[str, str]


def plan(source: hub.Hub, root: Path, kinds: Iterable[str], book: manifest.Manifest, locked: lock.Lock) -> Plan:
    """What is missing for some kinds. Raises DownloadFailed.

    A repository is taken at the commit of the lock, else at the pinned one, else as it is published now. What stands in
    its place without an entry in the lock was put there by somebody: it is left alone.
    """
    listings: dict[str, hub.Listing] = {}
    unpinned: dict[str, str] = {}
    jobs: list[Job] = []
    for component in book.needed(kinds):
        repository = component.repository
        if repository not in listings:
            kept, pinned = locked.commits.get(repository), book.revisions.get(repository)
            gone = hub.LOCKED_IS_GONE if kept else hub.PINNED_IS_GONE
            listings[repository] = source.listing(repository, kept or pinned, gone)
            if not kept and not pinned:
                unpinned[repository] = listings[repository].commit
        listing = listings[repository]
        locked = locked.with_repository(repository, listing.commit, listing.licence)
        own: list[Job] = []
        for part in component.parts:
            paths = manifest.chosen(part, listing.files)
            if not paths:
                raise errors.DownloadFailed(
                    f"{repository} has no {part.pattern} at {listing.commit[:12]}: "
                    "what is published there does not fit the manifest of this version"
                )
            own += [Job(listing, listing.files[path], part, part.target(path)) for path in paths]
        locked = locked.with_component(component.name, tuple(dict.fromkeys(job.target for job in own)))
        jobs += own
    folders = frozenset(job.target.rpartition("/")[0] for job in jobs if job.form is Form.SHARDS)
    missing = {job.target: job for job in jobs if not all(is_there(root, made, locked) for made in _made(job, locked))}
    return Plan(tuple(missing.values()), locked, folders, unpinned)


def _made(job: Job, locked: lock.Lock) -> set[str]:
    """The files that a published one became: its target, and what the lock says beyond that (a projection)."""
    published = (job.listing.repository, job.remote.path)
    origins = {path: entry.origin for path, entry in locked.files.items() if not path.startswith(f"{ORIGINALS}/")}
    beyond = {path for path, origin in origins.items() if origin and (origin.repository, origin.path) == published}
    return {job.target} | beyond


def is_there(root: Path, target: str, locked: lock.Lock) -> bool:
    """Whether a file stands in its place with the size that the lock knows.

    Without an entry in the lock any size will do, and so will a published file that engines read as it is.
    """
    path = root / target
    if target in locked.files:
        return path.is_file() and path.stat().st_size == locked.files[target].bytes
    put = (
        path.with_suffix(".pt"),
        path.with_name(f"pytorch_{path.stem}.bin"),
    )  # kandinsky3.pt, pytorch_model-1-of-4.bin
    return path.is_file() or any(place.is_file() for place in put)


def pull(
    source: hub.Hub,
    root: Path,
    kinds: Iterable[str],
    options: Options = PLAIN,
    watch: Watch = NOBODY,
    book: manifest.Manifest | None = None,
) -> list[str]:
    """Fetch and convert what some kinds need; the paths of the files that came. Raises DownloadFailed, NoRoom.

    A second call after a failure or a kill goes on where the first stopped.
    """
    with disk.exclusive(root):
        planned = plan(source, root, kinds, book or manifest.load(), _without_lost_originals(root, lock.read(root)))
        locked = planned.locked
        disk.require_room(root, room_bytes(root, planned.jobs, options))
        for repository, commit in planned.unpinned.items():
            watch.unpinned(repository, commit)
        watch.plans(len(planned.jobs), sum(job.remote.bytes for job in planned.jobs))
        lock.write(root, locked)
        for job in planned.jobs:
            locked = _one(source, root, job, options, watch, locked)
        lock.write(root, indexed(root, planned.shard_folders, locked))
        return [job.target for job in planned.jobs]


def room_bytes(root: Path, jobs: Iterable[Job], options: Options) -> int:
    """The most that the disk has to hold on top of what is there, while the files come one after another."""
    used = most = 0
    for job in jobs:
        used += max(0, job.remote.bytes - sum(path.stat().st_size for path in _begun(root, job)))
        if job.form is not Form.COPY:
            used += job.remote.bytes // 2 if options.half and job.part.half else job.remote.bytes
        most = max(most, used)
        if job.form is not Form.COPY and options.remove_originals:
            used -= job.remote.bytes
    return most


def indexed(root: Path, folders: Iterable[str], locked: lock.Lock) -> lock.Lock:
    """The lock with the indices of models in shards; those that are not there are written now."""
    for folder in sorted(folders):
        path = f"{folder}/{convert.INDEX}"
        if path not in locked.files or not (root / path).is_file():
            entry = convert.index(root / folder)
            locked = locked if entry is None else locked.with_file(path, entry)
    return locked


def _without_lost_originals(root: Path, locked: lock.Lock) -> lock.Lock:
    """The lock without originals that were deleted: what is converted needs none, and what is not fetches its own."""
    for path in locked.files:
        if path.startswith(f"{ORIGINALS}/") and not (root / path).is_file():
            locked = locked.without(path)
    return locked


def _begun(root: Path, job: Job) -> list[Path]:
    place = root / job.original
    found = [place, *place.parent.glob(f"{place.name}.{job.remote.identity}.partial")]
    return [path for path in found if path.is_file()]


def _one(source: hub.Hub, root: Path, job: Job, options: Options, watch: Watch, locked: lock.Lock) -> lock.Lock:
    path, remote = root / job.original, job.remote
    known = locked.files.get(job.original)
    if known is None or known.bytes != remote.bytes or not path.is_file():
        watch.begins(Act.FETCHING, f"{job.listing.repository}/{remote.path}", remote.bytes)
        sha256 = source.fetch(job.listing, remote, path, watch.moves)
        origin = lock.Origin(job.listing.repository, job.listing.commit, remote.path, remote.bytes, sha256)
        locked = locked.with_file(job.original, lock.Entry(remote.bytes, sha256, origin))
        lock.write(root, locked)
    if job.form is Form.COPY:
        return locked
    return converted(root, path, job.target, job.part, options, watch, locked, locked.files[job.original].origin)


def converted(
    root: Path,
    source: Path,
    target: str,
    part: Part,
    options: Options,
    watch: Watch,
    locked: lock.Lock,
    origin: lock.Origin | None,
) -> lock.Lock:
    """The lock after one published file has become ours, and has gone if the options say so."""
    watch.begins(Act.CONVERTING, PurePosixPath(target).name, source.stat().st_size)
    for path, entry in convert.convert(source, root, target, part, options.half, watch.moves).items():
        locked = locked.with_file(path, lock.Entry(entry.bytes, entry.sha256, origin))
    lock.write(root, locked)
    if options.remove_originals:
        locked = locked.without(str(source.relative_to(root)))
        lock.write(root, locked)  # first: an entry without its file would be fetched again
        remove(root, source)
    return locked


def remove(root: Path, path: Path) -> None:
    """Delete a file, and the folders of originals that are empty then."""
    path.unlink()
    for folder in path.parents:
        if not folder.is_relative_to(root / ORIGINALS) or any(folder.iterdir()):
            return
        folder.rmdir()
