"""Sandbox and bot in one process: the demo that a newcomer starts."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import Final

from rich.console import Console

from bot import app, logs, settings
from bot.errors import StartError
from bot.sandbox import chatroom, server

LOOPBACK: Final = "127.0.0.1"
DEMO_TOKEN: Final = "4200000001:sandbox-only-not-a-secret-000000000"  # well formed; the sandbox takes any
ADMIN: Final = server.SeedUser(id=1000, first_name="Admin", username="admin", language_code="en")
ANN: Final = server.SeedUser(id=1001, first_name="Ann", username="ann", language_code="en")


async def serve(data_dir: Path, port: int) -> None:
    """Run until cancelled. Raises StartError when the port is taken."""
    _check_port(port)
    console = Console()
    state = _BotState()
    sandbox = await server.start(
        data_dir / "sandbox", LOOPBACK, port, ready=lambda: state.polling, seed_users=(ADMIN, ANN)
    )
    chatroom.register_bot(sandbox.world, int(DEMO_TOKEN.partition(":")[0]), "Kandinsky Bot", "kandinsky_demo_bot")
    try:
        configured = settings.load(
            None,
            {
                "telegram.api_server": sandbox.url,
                "telegram.admins": [ADMIN.id],
                "telegram.mode": "polling",
                "storage.data_dir": data_dir,
                "engines.profile": os.environ.get("PROFILE", "mini"),
            },
            token=DEMO_TOKEN,
        )
        logs.configure(configured.log, secrets=configured.secrets.values())

        def announce() -> None:
            state.polling = True
            console.print(f"\n  Kandinsky Bot is ready. Open [bold underline]{sandbox.url}[/] and write to it.\n")
            console.print(
                "  Stop with Ctrl+C; everything is kept in " + str(data_dir.resolve()), style="dim", highlight=False
            )

        await app.serve(configured, on_ready=announce)
    finally:
        await sandbox.close()


async def serve_sandbox(data_dir: Path, port: int) -> None:
    """Run the sandbox alone until cancelled. Raises StartError when the port is taken."""
    _check_port(port)
    sandbox = await server.start(data_dir, LOOPBACK, port)
    console = Console()
    console.print(f"\n  The sandbox serves [bold underline]{sandbox.url}[/]")
    console.print(f"  A bot connects with: kandinsky-bot run --api-server {sandbox.url}\n", highlight=False)
    try:
        await asyncio.Event().wait()
    finally:
        await sandbox.close()


class _BotState:
    """What the sandbox's health answer depends on."""

    polling = False


def _check_port(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise StartError(f"Port {port} is taken. Choose another: make demo PORT={port + 1}") from error
