"""Webhook: Telegram is answered 200 only after the update is stored, and only when it knows the secret."""

from __future__ import annotations

import hmac
import json
from typing import Final

import structlog
from aiogram import Bot
from aiogram.types import Update
from aiohttp import web
from pydantic import ValidationError

from bot.intake import Intake

log = structlog.get_logger(__name__)

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
_BODY_LIMIT_BYTES: Final = 1 << 20  # an update is a few kilobytes; files never travel in it


class Webhook:
    """An HTTP endpoint that stores updates; it accepts nothing without the secret."""

    def __init__(self, bot: Bot, intake: Intake, *, path: str, secret: str) -> None:
        if not secret:
            raise ValueError("a webhook without a secret would accept anybody's updates")
        self._bot = bot
        self._intake = intake
        self._secret = secret.encode()
        self._path = path

    def application(self) -> web.Application:
        """The aiohttp application with the one route."""
        app = web.Application(client_max_size=_BODY_LIMIT_BYTES)
        app.router.add_post(self._path, self._receive)
        return app

    async def _receive(self, request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "").encode()
        if not hmac.compare_digest(given, self._secret):
            log.warning("webhook_refused", reason="secret")
            return web.Response(status=401)
        try:
            update = Update.model_validate(json.loads(await request.read()), context={"bot": self._bot})
        except (ValueError, ValidationError):
            log.warning("webhook_refused", reason="body")
            return web.Response(status=400)
        await self._intake.accept([update])
        return web.Response()
