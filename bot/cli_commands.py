"""The commands of `kandinsky-bot`. Every heavy import stands inside its command, so that `--help` is instant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot import generate_cli, weights_cli
from bot.cli_basics import Config, Data, load_settings, serve, stop, without_none

app = typer.Typer(
    name="kandinsky-bot",
    help="A self-hosted Telegram studio for the Kandinsky 3 family.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(weights_cli.app)
app.command()(generate_cli.generate)


@app.command()
def run(
    config: Config = None,
    data: Data = None,
    api_server: Annotated[
        str | None, typer.Option("--api-server", help="Another Bot API server, such as a sandbox's address.")
    ] = None,
    profile: Annotated[str | None, typer.Option("--profile", help="Checkpoints: mini or kandinsky3.")] = None,
) -> None:
    """Run the bot. The token comes from BOT_TOKEN, settings from bot.toml."""
    settings = load_settings(
        config, without_none(storage__data_dir=data, telegram__api_server=api_server, engines__profile=profile)
    )
    from bot import app as application
    from bot import logs

    logs.configure(settings.log, secrets=settings.secrets.values())
    serve(application.serve(settings))


@app.command()
def demo(
    port: Annotated[int, typer.Option("--port", help="Port of the browser chat.")] = 8790,
    data: Annotated[Path, typer.Option("--data", help="Folder for chats, database and pictures.")] = Path("data"),
) -> None:
    """Run the bot and a browser chat on this machine: no token, no GPU, no network."""
    from bot import demo as demonstration

    serve(demonstration.serve(data, port))


@app.command()
def sandbox(
    port: Annotated[int, typer.Option("--port", help="Port of the Bot API and the browser chat.")] = 8790,
    data: Annotated[Path, typer.Option("--data", help="Folder for users, chats and files.")] = Path("data/sandbox"),
) -> None:
    """Run the sandbox alone: a local Bot API server with a browser chat, for any bot."""
    from bot import demo as demonstration

    serve(demonstration.serve_sandbox(data, port))


@app.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="Target: head, base, or a revision.")] = "head",
    config: Config = None,
    data: Data = None,
) -> None:
    """Bring the database to a revision; `run` and `demo` do this by themselves."""
    from alembic.util import CommandError

    from bot.database import migrate as migrations

    settings = load_settings(config, without_none(storage__data_dir=data))
    try:
        migrations.migrate(settings.storage.url, revision)
    except CommandError as error:
        stop(f"{error}.")
    Console().print(f"The database is at [bold]{migrations.current(settings.storage.url) or 'base'}[/].")


@app.command()
def doctor(config: Config = None, data: Data = None) -> None:
    """Say in plain words what is missing."""
    from bot import doctor as diagnosis

    settings = load_settings(config, without_none(storage__data_dir=data))
    if not diagnosis.report(settings, Console()):
        raise typer.Exit(1)


@app.command()
def conformance(
    directory: Annotated[
        Path, typer.Argument(help="A folder of golden fixtures (*.safetensors).", exists=True, file_okay=False)
    ],
) -> None:
    """Run golden fixtures of the official code against our engines; exit status 1 if any is over its limit."""
    from bot import conformance as checks

    if not checks.report(directory, Console()):
        raise typer.Exit(1)
