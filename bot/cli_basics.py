"""What the commands of `kandinsky-bot` share: their common options, and how a mistake is told."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from bot.cli import INTERRUPTED

if TYPE_CHECKING:
    from bot.settings import Settings

ERRORS = Console(stderr=True, highlight=False)

Config = Annotated[Path | None, typer.Option("--config", help="Settings file; bot.toml here, if there is one.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder for database and pictures.")]


def stop(text: str) -> NoReturn:
    """End the command with exit status 2 and a text that says why."""
    ERRORS.print(f"[bold red]Cannot go on:[/] {escape(text)}", soft_wrap=True)
    raise typer.Exit(2)


def load_settings(config: Path | None, overrides: Mapping[str, object]) -> Settings:
    """The settings under a command's options; ends the command where they are wrong."""
    from bot import settings

    try:
        return settings.load(config, overrides)
    except settings.SettingsError as error:
        stop(str(error))


def without_none(**values: object) -> dict[str, object]:
    """The options that were given, under the dotted names of settings (`storage__data_dir`)."""
    return {key.replace("__", "."): value for key, value in values.items() if value is not None}


def serve(service: Coroutine[Any, Any, None], *, has_an_end: bool = False) -> None:
    """Run a service until Ctrl+C; a start error becomes one readable text.

    Ctrl+C before the end of what `has_an_end` is a failure: exit status 130, as of a program that the signal ends.
    """
    from bot.errors import StartError
    from bot.settings import SettingsError
    from engines.errors import CheckpointError, DeviceMissing

    try:
        asyncio.run(service)
    except KeyboardInterrupt:
        if has_an_end:
            ERRORS.print("Stopped before the end.")
            raise typer.Exit(INTERRUPTED) from None
    except (StartError, SettingsError, CheckpointError, DeviceMissing) as error:
        stop(str(error))
