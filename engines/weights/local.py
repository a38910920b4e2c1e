"""What is on the disk already: the state of each component, verification, and conversion of files that lie there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from engines import errors
from engines.weights import convert, disk, lock, manifest, pull
from engines.weights.manifest import Form

COMMON_NAME = "diffusion_pytorch_model.bin"


class State(StrEnum):
    """How much of a component is there."""

    THERE = "there"
    BY_HAND = "put there by hand"
    PART = "in part"
    MISSING = "missing"


class Verdict(StrEnum):
    """What verification finds of a file."""

    WELL = "well"
    MISSING = "missing"
    CHANGED = "changed"
    UNKNOWN = "not in the lock"


@dataclass(frozen=True, slots=True)
class Finding:
    """A file and what was found of it."""

    path: str
    bytes: int
    verdict: Verdict


def states(root: Path, book: manifest.Manifest | None = None) -> dict[str, State]:
    """The state of each component. Only names and sizes are looked at, and nobody is asked."""
    locked = lock.read(root)
    return {name: _state(root, component, locked) for name, component in (book or manifest.load()).components.items()}


def verify(root: Path, quick: bool = False, watch: pull.Watch = pull.NOBODY) -> Iterator[Finding]:
    """Compare every file of the lock with its size and, unless `quick`, its checksum; name the files it does not know.

    Raises CheckpointInvalid for a lock or a file that cannot be read.
    """
    locked = lock.read(root)
    watch.plans(len(locked.files), sum(entry.bytes for entry in locked.files.values()))
    for name, entry in locked.files.items():
        watch.begins(pull.Act.CHECKING, name, entry.bytes)
        yield Finding(name, entry.bytes, _verdict(root / name, entry, quick, watch))
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if name not in locked.files and path.suffix in (".safetensors", ".pt", ".bin", ".ckpt", ".pth"):
            yield Finding(name, path.stat().st_size, Verdict.UNKNOWN)


def convert_all(
    root: Path,
    kinds: Iterable[str],
    options: pull.Options = pull.PLAIN,
    watch: pull.Watch = pull.NOBODY,
    book: manifest.Manifest | None = None,
) -> list[str]:
    """Convert what lies in a directory in its published form; the paths of the files that were written.

    Found are files that were fetched, and files that somebody put into the directory under their published names. With
    `remove_originals` those that were converted earlier go too. Raises CheckpointInvalid, NoRoom.
    """
    written: list[str] = []
    with disk.exclusive(root):
        locked = lock.read(root)
        folders: set[str] = set()
        for component in (book or manifest.load()).needed(kinds):
            for part in component.parts:
                for published, path in _published(root, component, part):
                    target = part.target(published)
                    if part.form is Form.SHARDS:
                        folders.add(target.rpartition("/")[0])
                    if (root / target).is_file():
                        locked = _tidied(root, path, target, options, locked)
                        continue
                    disk.require_room(root, path.stat().st_size)
                    known = locked.files.get(path.relative_to(root).as_posix())
                    origin = known.origin if known is not None else None
                    locked = pull.converted(root, path, target, part, options, watch, locked, origin)
                    written.append(target)
        if not (root / convert.REFINE_CONTEXT).is_file() and (entry := convert.refine_context(root)):
            locked = locked.with_file(convert.REFINE_CONTEXT, entry)
            written.append(convert.REFINE_CONTEXT)
        lock.write(root, pull.indexed(root, folders, locked))
    return written


def _state(root: Path, component: manifest.Component, locked: lock.Lock) -> State:
    wanted = locked.wanted.get(component.name)
    if wanted is None:
        found = [_lies(root, part) for part in component.parts]
    else:
        found = [pull.is_there(root, target, locked) for target in wanted]
    if all(found):
        return State.BY_HAND if wanted is None else State.THERE
    return State.PART if any(found) else State.MISSING


def _lies(root: Path, part: manifest.Part) -> bool:
    """Whether somebody put a part there, as it is published or converted. Of several files one is enough to say so."""
    if not part.place.endswith("/"):
        return any((root / f"{part.place}{suffix}").is_file() for suffix in (".safetensors", ".pt"))
    name = PurePosixPath(part.pattern).name
    names = (name, "model*.safetensors") if part.form is Form.SHARDS else (name,)
    return any(path.is_file() for name in names for path in (root / part.place).rglob(name))


def _verdict(path: Path, entry: lock.Entry, quick: bool, watch: pull.Watch) -> Verdict:
    if not path.is_file():
        return Verdict.MISSING
    if path.stat().st_size != entry.bytes:
        return Verdict.CHANGED
    try:
        return Verdict.WELL if quick or disk.sha256(path, watch.moves) == entry.sha256 else Verdict.CHANGED
    except OSError as error:  # another user's, or a disk that fails
        raise errors.CheckpointInvalid(f"{path} cannot be read: {error.strerror}") from error


def _published(root: Path, component: manifest.Component, part: manifest.Part) -> Iterator[tuple[str, Path]]:
    """Files of a part that lie in their published form, with their paths in the repository."""
    if part.form is Form.COPY:
        return
    fetched = root / pull.ORIGINALS / component.repository
    paths = [path for path in fetched.glob(part.pattern) if path.is_file()]
    yield from ((path.relative_to(fetched).as_posix(), path) for path in sorted(paths))
    fixed, _, name = part.pattern.rpartition("/")
    if part.place.endswith("/"):
        put = [(f"{fixed}/{path.name}", path) for path in sorted((root / part.place).glob(name))]
    else:
        own = Path(part.place).with_suffix(Path(part.pattern).suffix)  # kandinsky3.pt, hed.pth
        named = Path(name) if name != COMMON_NAME else own  # that name says nothing about what is in it
        put = [(part.pattern, root / place) for place in dict.fromkeys((own, named)) if (root / place).is_file()]
    taken = {path.name for path in paths}
    yield from ((published, path) for published, path in put if path.name not in taken)


def _tidied(root: Path, path: Path, target: str, options: pull.Options, locked: lock.Lock) -> lock.Lock:
    """The lock without an original whose converted file is locked and of the right size, where originals shall go."""
    entry = locked.files.get(target)
    if not options.remove_originals or entry is None or (root / target).stat().st_size != entry.bytes:
        return locked
    locked = locked.without(path.relative_to(root).as_posix())
    lock.write(root, locked)
    pull.remove(root, path)
    return locked
