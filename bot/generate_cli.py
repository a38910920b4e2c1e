"""`kandinsky-bot generate`: any kind, painted without a chat. The options are those of `generation_options`."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli_basics import Config, load_settings, serve, without_none
from bot.generation_options import DEFAULT_KIND, MODELS, OPTIONS, Option

_KINDS = f"What is made: {', '.join(MODELS)}."


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the table's options in place of its last parameter, as typer reads a signature."""
    own = inspect.signature(command, eval_str=True)
    *leading, _ = own.parameters.values()
    keyword = inspect.Parameter.KEYWORD_ONLY
    options = [
        inspect.Parameter(option.key, keyword, default=_shown(option), annotation=_type(option)) for option in OPTIONS
    ]
    command.__dict__["__signature__"] = own.replace(
        parameters=[*(parameter.replace(kind=keyword) for parameter in leading), *options]
    )
    return command


def _shown(option: Option) -> Any:
    return typer.Option(None, *option.flags, help=option.explained, metavar="FILE" if option.file else None)


def _type(option: Option) -> Any:
    """What typer reads the option as; None is an option that was not given."""
    own: Any = bool if option.switch else option.type
    return (types.GenericAlias(list, (own,)) if option.many else own) | None


@_with_options
def generate(
    prompt: Annotated[str, typer.Argument(help="What to paint.", show_default=False)] = "",
    kind: Annotated[str, typer.Option("--kind", help=_KINDS, metavar="KIND")] = DEFAULT_KIND,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="PNG file, replaced if it is there; -2, -3... are added for more.")
    ] = Path("picture.png"),
    profile: Annotated[str | None, typer.Option("--profile", help="Checkpoints: mini or kandinsky3.")] = None,
    config: Config = None,
    **said: Any,
) -> None:
    """Paint without any chat. Which options a kind takes is told when it gets another one."""
    settings = load_settings(config, {**without_none(engines__profile=profile), "log.level": "warning"})
    from bot import generate as generation
    from bot import logs

    logs.configure(settings.log, secrets=settings.secrets.values())
    given = {name: value for name, value in said.items() if value not in (None, [])}
    painting = generation.generate(settings.engines, output, prompt=prompt, options=given, kind=kind)
    serve(painting, has_an_end=True)
