"""What each kind needs: components, their published files, and their places in our layout. The data: manifest.toml."""

from __future__ import annotations

import fnmatch
import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from engines import errors

DATA = Path(__file__).with_name("manifest.toml")
COMMIT = re.compile(r"[0-9a-f]{40}")
TEXT_LIMIT_BYTES = 16 * 2**20  # what is not weights in a folder of a model: configurations and vocabularies


class Form(StrEnum):
    """How a published file becomes one of ours."""

    TENSORS = "tensors"
    BARE = "bare"
    FORK = "fork"
    SHARDS = "shards"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Part:
    """A published file, or several by a pattern. `place` is a stem, or a folder that ends with a slash.

    `projection` is the stem in the text encoder's folder for a projection that lies inside the file; `half` the 16-bit
    type in which the engines compute with the rest.
    """

    pattern: str
    place: str
    form: Form
    projection: str | None = None
    half: str | None = None

    def target(self, path: str) -> str:
        """Where a published file stands in our layout, relative to its root."""
        if not self.place.endswith("/"):
            return f"{self.place}.safetensors"
        fixed = self.pattern.partition("*")[0].rpartition("/")[0]
        below = path.removeprefix(f"{fixed}/") if fixed else path
        if self.form is Form.SHARDS:
            below = below.removesuffix(PurePosixPath(below).suffix).replace("pytorch_model", "model") + ".safetensors"
        return f"{self.place}{below}"


@dataclass(frozen=True, slots=True)
class Component:
    """What is fetched as one. `about_bytes` is its published size, rounded where the exact one is not known."""

    name: str
    what: str
    repository: str
    about_bytes: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """Components by name, all components of each kind, the core that every kind has, and licences by repository.

    `revisions` are the pinned commits of repositories; one that is not in it is not pinned.
    """

    components: Mapping[str, Component]
    kinds: Mapping[str, tuple[str, ...]]
    licences: Mapping[str, str]
    revisions: Mapping[str, str]
    core: tuple[str, ...]

    def needed(self, names: Iterable[str]) -> tuple[Component, ...]:
        """The components of some kinds, or some by their own names, once each in the manifest's order.

        Raises InvalidTask.
        """
        wanted: set[str] = set()
        for name in names:
            if name not in self.kinds and name not in self.components:
                raise errors.InvalidTask(f"no kind {name!r}; there are {', '.join(self.kinds)}")
            wanted.update(self.kinds.get(name, (name,)))
        return tuple(component for name, component in self.components.items() if name in wanted)

    def fetching(self, kind: str, stems: Iterable[str]) -> tuple[str, ...]:
        """What to pull so that files of our layout come: the kind, and components where it does not bring them all."""
        bringing = {stem: self._bringing(stem) for stem in stems}
        own = self.kinds.get(kind, ())
        beyond = {name for name in bringing.values() if name is not None and name not in own}
        covered = [name for name in bringing.values() if name in own]
        return (*((kind,) if covered or not beyond else ()), *sorted(beyond))

    def _bringing(self, stem: str) -> str | None:
        for component in self.components.values():
            if any(part.place.rstrip("/") == stem for part in component.parts):
                return component.name
        return None


@functools.cache
def load(path: Path = DATA) -> Manifest:
    """The manifest of the package, or of a file of the same form. Raises CheckpointInvalid."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        components = {name: _component(name, entry) for name, entry in data["components"].items()}
        kinds = {kind: (*data["core"], *names) for kind, names in data["kinds"].items()}
        repositories = {name: _repository(name, entry) for name, entry in data["repositories"].items()}
    except (OSError, tomllib.TOMLDecodeError, LookupError, TypeError, AttributeError, ValueError) as error:
        raise errors.CheckpointInvalid(f"{path.name} is not a manifest: {error}") from error
    unknown = {name for names in kinds.values() for name in names} - components.keys()
    unlicensed = {component.repository for component in components.values()} - repositories.keys()
    if unknown or unlicensed:
        raise errors.CheckpointInvalid(f"{path.name} names what it does not have: {sorted(unknown | unlicensed)}")
    licences = {name: licence for name, (licence, _) in repositories.items()}
    revisions = {name: revision for name, (_, revision) in repositories.items() if revision is not None}
    return Manifest(components, kinds, licences, revisions, tuple(data["core"]))


def chosen(part: Part, paths: Iterable[str]) -> tuple[str, ...]:
    """The files of a repository that a part means, one format of each: .safetensors before .bin, full precision."""
    matching = [path for path in paths if fnmatch.fnmatchcase(path, part.pattern) and ".fp16." not in path]
    folders = {path.rpartition("/")[0] for path in matching if path.endswith(".safetensors")}
    return tuple(
        sorted(path for path in matching if not (path.endswith(".bin") and path.rpartition("/")[0] in folders))
    )


def _repository(name: str, entry: str | Mapping[str, str]) -> tuple[str, str | None]:
    """A repository's licence, and its pinned commit where it has one: a branch or a tag moves, so it pins nothing."""
    if isinstance(entry, str):
        return entry, None
    if unknown := entry.keys() - {"licence", "revision"}:
        raise ValueError(f"{name} has unknown entries: {', '.join(sorted(unknown))}")
    revision = entry.get("revision")
    if revision is not None and not COMMIT.fullmatch(revision):
        raise ValueError(f"{name} is pinned to {revision!r}, which is no commit: give its 40 hexadecimal digits")
    return entry["licence"], revision


def _component(name: str, entry: Mapping[str, Any]) -> Component:
    parts = tuple(
        Part(part["from"], part["to"], Form(part["as"]), part.get("projection"), part.get("half"))
        for part in entry["parts"]
    )
    return Component(name, entry["what"], entry["repository"], int(entry["about_bytes"]), parts)
