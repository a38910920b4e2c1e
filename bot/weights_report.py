"""What the commands of `kandinsky-bot weights` show: tables, bars and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Column, Table

from engines import checkpoints
from engines.weights import disk, hub, local, lock, manifest
from engines.weights import pull as pulling

STYLES: Final = {
    local.State.THERE: "green",
    local.State.BY_HAND: "green",
    local.State.PART: "yellow",
    local.State.MISSING: "dim",
}

SHOWN_DIGITS: Final = 12  # of a commit


def show(root: Path, console: Console, book: manifest.Manifest | None = None) -> None:
    """Three tables: what the kinds need, what the components are, and which commits of the repositories are in use."""
    book = book or manifest.load()
    states, locked = local.states(root, book), lock.read(root)
    kinds = Table("kind", "needs", "to fetch", title=f"Kinds, and what is still to fetch for {root}")
    core = ", ".join(book.core)
    for kind, names in book.kinds.items():
        missing = [book.components[name] for name in names if states[name] in (local.State.MISSING, local.State.PART)]
        size = disk.gigabytes(sum(part.about_bytes for part in missing)) if missing else "[green]all there[/]"
        beyond = ", ".join(name for name in names if name not in book.core)
        kinds.add_row(kind, beyond or core, size)
    parts = Table(Column("component", no_wrap=True), "what it is", "size", "licence", "here", title="Components")
    for name, component in book.components.items():
        licence = locked.licences.get(component.repository) or book.licences[component.repository]
        parts.add_row(
            name,
            component.what,
            disk.gigabytes(component.about_bytes),
            licence,
            f"[{STYLES[states[name]]}]{states[name]}[/]",
        )
    commits = Table("repository", Column("commit", no_wrap=True), "why this one", title="Repositories")
    for repository in book.licences:
        commits.add_row(repository, *_commit(repository, book, locked))
    console.print(kinds)
    console.print(f"Every kind needs those of text_to_image too: {core}.")
    console.print(parts)
    console.print(commits)


def _commit(repository: str, book: manifest.Manifest, locked: lock.Lock) -> tuple[str, str]:
    """The commit in use, or that a pull would take, and who says so."""
    kept, pinned = locked.commits.get(repository), book.revisions.get(repository)
    if kept is None and pinned is None:
        return "", f"not pinned: the first pull takes what is published then, and {lock.NAME} keeps it"
    shown = (kept or pinned or "")[:SHOWN_DIGITS]
    if kept is None or kept == pinned:
        return shown, "pinned by this version"
    if pinned is None:
        return shown, f"not pinned: published at the first pull, kept by {lock.NAME}"
    return shown, f"kept by {lock.NAME}; this version pins {pinned[:SHOWN_DIGITS]}: delete it to take that"


def tables() -> dict[str, list[str]]:
    """The tables of the page on weights, as lines of Markdown: `kinds`, `components` and `repositories`."""
    book = manifest.load()
    kinds = ["| kind | needs beyond text_to_image | published size with it |", "| --- | --- | --- |"]
    for kind, names in book.kinds.items():
        beyond = ", ".join(f"`{name}`" for name in names if name not in book.core)
        total = sum(book.components[name].about_bytes for name in names)
        kinds.append(f"| `{kind}` | {beyond or 'nothing'} | {disk.gigabytes(total)} |")
    parts = ["| component | what it is | published in | size | licence |", "| --- | --- | --- | --- | --- |"]
    for name, one in book.components.items():
        licence = book.licences[one.repository]
        parts.append(f"| `{name}` | {one.what} | {one.repository} | {disk.gigabytes(one.about_bytes)} | {licence} |")
    pins = ["| repository | pinned commit |", "| --- | --- |"]
    for repository in book.licences:
        commit = book.revisions.get(repository)
        pins.append(f"| {repository} | {f'`{commit}`' if commit else 'not pinned'} |")
    return {"kinds": kinds, "components": parts, "repositories": pins}


def pull(root: Path, kinds: Sequence[str], chosen: pulling.Options) -> None:
    """Fetch with a bar; say what came."""
    with _Bars() as bars:
        came = pulling.pull(hub.Hub(), root, kinds, chosen, bars)
    named = ", ".join(kinds)
    Console().print(f"{len(came)} files came for {named}." if came else f"Everything is there for {named}.")


def convert(root: Path, kinds: Sequence[str] | None, chosen: pulling.Options) -> None:
    """Convert with a bar; say what was written."""
    with _Bars() as bars:
        written = local.convert_all(root, kinds or list(manifest.load().kinds), chosen, bars)
    console = Console()
    for path in written:
        console.print(f"{path} was written.")
    if not written:
        console.print(f"Nothing in {root} is to be converted.", soft_wrap=True)


def verify(root: Path, quick: bool) -> bool:
    """Print what is not well; whether there are files and none of the lock is missing or changed."""
    with _Bars() as bars:
        findings = list(local.verify(root, quick, bars))
    console = Console()
    if not findings:
        fetch = checkpoints.pull_command((), root)
        words = f"There are no weights in {root}. `{fetch}` fetches what text to image needs."
        console.print(words, soft_wrap=True, markup=False)
        return False
    well = [finding for finding in findings if finding.verdict is local.Verdict.WELL]
    unknown = [finding for finding in findings if finding.verdict is local.Verdict.UNKNOWN]
    broken = [finding for finding in findings if finding not in well and finding not in unknown]
    for finding in broken:
        console.print(f"[bold red]{finding.verdict}[/] {finding.path}", soft_wrap=True)
    for finding in unknown:
        console.print(f"[yellow]{finding.verdict}[/] {finding.path}: it was put there by hand", soft_wrap=True)
    compared = "their sizes" if quick else "their checksums"
    if well or broken:
        console.print(f"{len(well)} of {len(well) + len(broken)} files have {compared} of the first time.")
    else:
        console.print("Nothing was compared: checksums are known of files that `pull` or `convert` wrote.")
    if broken:
        fetch = checkpoints.pull_command(("KIND",), root)
        words = f"Delete what changed, then `{fetch}` fetches it again."
        console.print(words, soft_wrap=True, markup=False)
    return not broken


class _Bars:
    """`pull.Watch` on a terminal: one bar for the file at hand. Nothing is drawn where there is no terminal."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._files = self._number = 0
        self._task = self._progress.add_task("", total=None, visible=False)

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def unpinned(self, repository: str, commit: str) -> None:
        words = f"{repository} is not pinned: it is taken as published now, commit {commit[:SHOWN_DIGITS]}, and "
        self._console.print(f"{words}{lock.NAME} keeps that one.", soft_wrap=True, highlight=False)

    def plans(self, files: int, total_bytes: int) -> None:
        self._files = files
        if files:
            self._console.print(f"{files} files, {disk.gigabytes(total_bytes)}.")

    def begins(self, act: pulling.Act, path: str, total_bytes: int) -> None:
        if act is not pulling.Act.CONVERTING:
            self._number += 1
        words = f"{self._number}/{self._files} {act} {path}"
        self._progress.reset(self._task, description=words, total=total_bytes, visible=True)
        if not self._console.is_terminal:
            self._console.print(words, soft_wrap=True)

    def moves(self, by_bytes: int) -> None:
        self._progress.advance(self._task, by_bytes)
