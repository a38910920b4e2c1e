"""Where `generate` puts its pictures: looked at before anything is loaded; each file comes whole or not at all."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Final

from bot.errors import StartError

NAME: Final = "picture.png"


def paths(output: Path, count: int) -> list[Path]:
    """The files of `count` pictures, such as star.png, star-2.png. Raises StartError where one cannot be written."""
    try:
        if output.suffix.lower() != ".png":
            instead = output / NAME if output.is_dir() else output.with_suffix(".png")
            raise StartError(f"The output is a PNG file: write -o {shlex.quote(str(instead))}")
        if not output.parent.is_dir():
            raise StartError(f"There is no folder {output.parent}. Create it first.")
        more = [output.with_stem(f"{output.stem}-{number}") for number in range(2, count + 1)]
        for path in (output, *more):
            _refuse(path)
    except OSError as error:  # pathlib asks the system, which may refuse to look at a name
        raise _unwritable(output, error) from error
    return [output, *more]


def put(path: Path, content: bytes) -> None:
    """Write a file in one act, over what stood there before. Raises StartError; then that still stands there."""
    target = Path(os.path.realpath(path))  # a link goes on pointing there
    draft = _draft(target)
    try:
        draft.write_bytes(content)
        draft.replace(target)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        draft.unlink(missing_ok=True)


def _refuse(path: Path) -> None:
    if path.is_dir():
        raise StartError(f"{path} is a folder. Write -o {shlex.quote(str(path / NAME))}")
    if path.exists() and not os.access(path, os.W_OK):
        raise StartError(f"{path} is there and must not be changed. Name another file.")
    draft = _draft(Path(os.path.realpath(path)))
    draft.touch()
    draft.unlink()


def _draft(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}")  # a name that no file of the user has


def _unwritable(path: Path, error: OSError) -> StartError:
    return StartError(f"{path} cannot be written: {error.strerror}.")
