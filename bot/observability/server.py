"""/metrics and /health on a loopback port of their own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.errors import StartError

if TYPE_CHECKING:
    from bot.admin.reports import Reports
    from bot.maintenance import Maintenance
    from bot.observability.metrics import Metrics

log = structlog.get_logger(__name__)

_SILENCE_LIMIT_S: Final = 120.0  # a long poll answers at least every 30 s; what is longer is an outage
_DATABASE_LIMIT_S: Final = 5.0


class Observatory:
    """Serves the numbers and says whether the bot is well."""

    def __init__(self, metrics: Metrics, reports: Reports, maintenance: Maintenance, *, polls: bool) -> None:
        self._metrics = metrics
        self._reports = reports
        self._maintenance = maintenance
        self._polls = polls

    def application(self) -> web.Application:
        """The aiohttp application with both routes."""
        app = web.Application()
        app.router.add_get("/metrics", self._show_metrics)
        app.router.add_get("/health", self._show_health)
        return app

    async def serve(self, host: str, port: int) -> None:
        """Listen until cancelled. Raises StartError when the port is taken."""
        site = web.AppRunner(self.application(), access_log=None)
        await site.setup()
        try:
            try:
                await web.TCPSite(site, host, port).start()
            except OSError as error:
                raise StartError(f"Port {port} of [observability] is taken. Write another port, or 0.") from error
            log.info("observability_open", host=host, port=port)
            await asyncio.Event().wait()
        finally:
            await site.cleanup()

    async def _show_metrics(self, request: web.Request) -> web.Response:
        load = await self._reports.load()
        body = self._metrics.exposition(load, self._reports.engines(), maintenance_is_on=self._maintenance.is_on)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _show_health(self, request: web.Request) -> web.Response:
        """200 while conversations work; engines that still load do not count, jobs wait for them."""
        database_answers = await self._database_answers()
        telegram_answers = not self._polls or (
            self._metrics.silence_s is not None and self._metrics.silence_s < _SILENCE_LIMIT_S
        )
        is_well = database_answers and telegram_answers
        return web.json_response(
            {
                "status": "ok" if is_well else "unwell",
                "database": database_answers,
                "telegram": telegram_answers,
                "engines": "ready" if self._reports.engines().devices else "starting",
                "maintenance": self._maintenance.is_on,
            },
            status=200 if is_well else 503,
        )

    async def _database_answers(self) -> bool:
        try:
            async with asyncio.timeout(_DATABASE_LIMIT_S):
                await self._reports.load()
        except Exception:
            log.exception("database_does_not_answer")
            return False
        return True
