"""Starts the sandbox: `async with await start(...)`, or `await running.close()`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from aiogram import types
from aiohttp import web

from bot.sandbox import security, webhooks
from bot.sandbox.bot_api import callbacks, chats, edits, files, media, messages, oddments, profile, updates, whispers
from bot.sandbox.bot_api import reactions as bot_reactions
from bot.sandbox.bot_api import routes as bot_routes
from bot.sandbox.keys import READY, WORLD
from bot.sandbox.limits import Rates
from bot.sandbox.user_side import control, events, groups, people, presses, reactions
from bot.sandbox.user_side import messages as user_messages
from bot.sandbox.world import Clock, World, open_world

# Importing these modules registers their methods.
METHOD_MODULES = (updates, messages, media, edits, whispers, bot_reactions, callbacks, files, chats, profile, oddments)
USER_MODULES = (people, groups, user_messages, presses, reactions, control, events)

STATIC = Path(__file__).parent / "static"
MAX_BODY_BYTES = 4 * 1024 * 1024  # of JSON and plain forms; files are streamed with their own limit
SHUTDOWN_S = 1.0


@dataclass(frozen=True, slots=True)
class SeedUser:
    """A user who is there from the start."""

    id: int
    first_name: str
    username: str | None = None
    language_code: str | None = None


class RunningSandbox:
    """A sandbox that serves at `url` until it is closed."""

    def __init__(self, runner: web.AppRunner, world: World, host: str, port: int) -> None:
        self._runner = runner
        self.world = world
        self.port = port
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else shown}:{port}"

    async def close(self) -> None:
        """Ends streams and polls, stops serving and closes the store."""
        self.world.hub.close()
        await self._runner.cleanup()
        self.world.close()

    async def __aenter__(self) -> RunningSandbox:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


async def start(
    data_dir: Path,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    ready: Callable[[], bool] | None = None,
    seed_users: Sequence[SeedUser] = (),
    rates: Rates | None = None,
    clock: Clock = time.time,
) -> RunningSandbox:
    """Opens the data directory and serves it; port 0 takes a free one.

    `ready` decides what `/sandbox/health` answers; `rates` are Telegram's unless others are given.
    """
    world = open_world(data_dir, clock=clock, rates=rates)
    for seed in seed_users:
        if world.people.user(seed.id) is None:
            world.people.add_user(
                types.User(
                    id=seed.id,
                    is_bot=False,
                    first_name=seed.first_name,
                    username=seed.username,
                    language_code=seed.language_code,
                )
            )
    runner = web.AppRunner(build_app(world, host, ready), access_log=None, shutdown_timeout=SHUTDOWN_S)
    try:
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
    except BaseException:
        await runner.cleanup()
        world.close()
        raise
    bound: int = runner.addresses[0][1]
    return RunningSandbox(runner, world, host, bound)


def build_app(world: World, host: str, ready: Callable[[], bool] | None) -> web.Application:
    """Returns the application with both sides and the pages of the browser chat."""
    app = web.Application(middlewares=[security.guard(host), security.refusals_as_json], client_max_size=MAX_BODY_BYTES)
    app[WORLD] = world
    app[READY] = ready or (lambda: True)
    bot_routes.add_routes(app)
    for module in USER_MODULES:
        module.add_routes(app)
    app.router.add_get("/", index)
    app.router.add_static("/static", STATIC)
    app.on_response_prepare.append(_protect_page)
    app.cleanup_ctx.append(_webhooks)
    return app


async def index(request: web.Request) -> web.StreamResponse:
    """The browser chat."""
    return web.FileResponse(STATIC / "index.html")


async def _protect_page(request: web.Request, response: web.StreamResponse) -> None:
    if request.path == "/" or request.path.startswith("/static/"):
        response.headers["Content-Security-Policy"] = security.PAGE_POLICY
        response.headers["Cache-Control"] = "no-cache"
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")


async def _webhooks(app: web.Application) -> AsyncIterator[None]:
    async with webhooks.delivering(app[WORLD]):
        yield
