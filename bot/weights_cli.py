"""`kandinsky-bot weights`: what each kind needs, fetching, converting and verifying it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.cli_basics import Config, Data, load_settings, stop, without_none
from engines import checkpoints
from engines.errors import CheckpointMissing, EngineError
from engines.weights.pull import Options

app = typer.Typer(
    name="weights",
    help="The official weights: what each kind needs, and how it comes onto this machine.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Kinds = Annotated[list[str] | None, typer.Argument(metavar="[KIND]...", help="Kinds of `weights list`.")]
Folder = Annotated[Path | None, typer.Option("--dir", help="Folder of the weights; else weights_dir of bot.toml.")]
Half = Annotated[bool, typer.Option("--half", help="Store the 16-bit numbers that cards compute with: half the disk.")]
Remove = Annotated[bool, typer.Option("--remove-originals", help="Delete each published file once it is converted.")]


@app.command("list")
def list_kinds(folder: Folder = None, config: Config = None, data: Data = None) -> None:
    """What each kind needs, how large it is, under which licence, and what is there."""
    from bot import weights_report

    with _told():
        weights_report.show(_root(folder, config, data), Console())


@app.command()
def pull(
    kinds: Kinds = None,
    folder: Folder = None,
    half: Half = False,
    remove_originals: Remove = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Fetch and convert what some kinds need (text_to_image if none is named). Goes on where it stopped."""
    from bot import weights_report

    with _told():
        weights_report.pull(_root(folder, config, data), kinds or ["text_to_image"], Options(half, remove_originals))


@app.command()
def convert(
    kinds: Kinds = None,
    folder: Folder = None,
    half: Half = False,
    remove_originals: Remove = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Convert published files that lie in the folder, whoever put them there (of every kind if none is named)."""
    from bot import weights_report

    with _told():
        weights_report.convert(_root(folder, config, data), kinds, Options(half, remove_originals))


@app.command()
def verify(
    folder: Folder = None,
    quick: Annotated[bool, typer.Option("--quick", help="Compare sizes only, not checksums.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Compare the files with what came at first; exit status 1 if one is missing or changed, or there are none."""
    from bot import weights_report

    with _told():
        if not weights_report.verify(_root(folder, config, data), quick):
            raise typer.Exit(1)


def _root(folder: Path | None, config: Path | None, data: Path | None) -> Path:
    """Where the engines would look: the folder that is named or set, or the one called `weights` in it."""
    if folder is None:
        overrides = {**without_none(storage__data_dir=data), "engines.profile": "kandinsky3"}
        folder = load_settings(config, overrides).engines.weights_dir
        assert folder is not None  # the official profile always has one
    try:
        return checkpoints.Layout.at(folder).root
    except CheckpointMissing:
        return folder


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Errors of weights end the command with one readable text; Ctrl+C says how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        stop("stopped; run the same command again to go on from here.")
    except EngineError as error:
        stop(f"{error}.")
