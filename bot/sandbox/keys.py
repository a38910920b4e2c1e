"""Where an aiohttp application of the sandbox keeps what its handlers need."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from bot.sandbox.world import World

WORLD = web.AppKey("world", World)
READY: web.AppKey[Callable[[], bool]] = web.AppKey("ready")
