"""The application: every room built once, started in the order that loses nothing, stopped in reverse.

Order of a start: migrations, leases of a dead predecessor, open status messages and undelivered results, then new
updates. The engines load meanwhile; jobs wait for them, conversations do not.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import structlog
from aiogram import Bot, Dispatcher
from aiogram.client.default import DefaultBotProperties
from aiogram.enums import ParseMode
from aiogram.exceptions import TelegramAPIError, TelegramUnauthorizedError
from aiohttp import web

import handlers
from bot import commands, sweeping, telegram_session
from bot.admin.broadcasting import Broadcaster
from bot.admin.desk import AdminDesk
from bot.admin.reports import Reports
from bot.board import StatusBoard
from bot.database import migrate
from bot.database.artifacts import Artifacts
from bot.database.audit import Audit
from bot.database.broadcasts import Broadcasts
from bot.database.engine import Database
from bot.database.forgetting import Forgetting
from bot.database.history import History
from bot.database.inbox import Inbox
from bot.database.state import BotState
from bot.database.statistics import Statistics
from bot.database.storage import DatabaseStorage
from bot.database.users import Users
from bot.delivery import Delivery
from bot.errors import StartError
from bot.intake import Intake
from bot.maintenance import Maintenance
from bot.media import MediaStore
from bot.middlewares.group import GroupMiddleware
from bot.middlewares.person import PersonMiddleware
from bot.observability.metrics import Metrics
from bot.observability.server import Observatory
from bot.observability.watching import WatchedCalls, WatchedQueue, WatchedUpdates
from bot.polling import Poller
from bot.pools import TaskPool, pool_for
from bot.queue.jobs import Limits
from bot.runner import Runner
from bot.services import Services
from bot.settings import Settings
from bot.studio import Studio
from bot.texts import Texts
from bot.webhook import Webhook
from engines import catalog
from engines.errors import CheckpointError, DeviceMissing

log = structlog.get_logger(__name__)


async def serve(
    settings: Settings, *, on_ready: Callable[[], None] = lambda: None, pool: TaskPool | None = None
) -> None:
    """Run the bot until SIGINT or SIGTERM. Raises StartError or SettingsError when it cannot."""
    metrics = Metrics()
    async with _bot(settings, metrics) as bot, _database(settings) as database:
        painters = pool or pool_for(settings.engines, previews=settings.messages.previews)
        application = Application(settings, bot, database, painters, metrics)
        running = asyncio.create_task(application.run(on_ready))
        stopping = asyncio.create_task(_told_to_stop())
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


async def _told_to_stop() -> None:
    """Return at SIGINT or SIGTERM: the first asks for an orderly end, a second ends the process as usual."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    try:
        for name in signals:
            loop.add_signal_handler(name, stop.set)
        await stop.wait()
        log.info("stopping")
    finally:
        for name in signals:
            loop.remove_signal_handler(name)


class Application:
    """The running bot on its open database."""

    def __init__(self, settings: Settings, bot: Bot, database: Database, pool: TaskPool, metrics: Metrics) -> None:
        self._settings = settings
        self._bot = bot
        self._pool = pool
        self._texts = Texts(default_language=settings.messages.default_language)
        self._inbox = Inbox(database)
        self._queue = WatchedQueue(database, _limits(settings, devices=1), metrics=metrics)
        self._owner = f"runner-{secrets.token_hex(8)}"
        users = Users(database, utc_offset_min=settings.messages.default_utc_offset_min)
        media = MediaStore(settings.storage.data_dir / "media")
        artifacts = Artifacts(database)
        forgetting = Forgetting(database, media)
        self._board = StatusBoard(
            bot,
            self._queue,
            self._texts,
            interval_s=settings.messages.progress_interval_s,
            previews=settings.messages.previews,
        )
        models = catalog.ProfileCatalog.of(settings.engines.profile, settings.engines.weights_dir).models
        self._delivery = Delivery(bot, self._queue, self._board, artifacts, media, self._texts, users, models=models)
        self._runner = Runner(
            self._queue,
            pool,
            self._board,
            self._delivery,
            media,
            owner=self._owner,
            lease_s=settings.queue.lease_s,
            heartbeat_s=settings.queue.heartbeat_s,
        )
        statistics = Statistics(database)
        self._maintenance = Maintenance(BotState(database), statistics, users, bot, self._texts)
        self._studio = Studio(
            self._queue,
            self._board,
            self._runner,
            self._delivery,
            artifacts,
            media,
            self._maintenance,
            profile=settings.engines.profile,
            models=models,
        )
        history = History(database, max_favourites=settings.storage.max_favourites_per_user)
        self._broadcaster = Broadcaster(bot, Broadcasts(database), users, self._texts)
        reports = Reports(statistics, pool)
        self._observatory = Observatory(metrics, reports, self._maintenance, polls=settings.telegram.mode == "polling")
        desk = AdminDesk(
            settings.telegram.admins, users, self._studio, self._queue, history, Audit(database), bot, self._texts
        )
        self._sweeper = sweeping.Sweeper(
            artifacts,
            media,
            forgetting,
            self._inbox,
            keep_results=timedelta(days=settings.storage.keep_results_days),
            keep_uploads=timedelta(hours=settings.storage.keep_uploads_hours),
        )
        self._dispatcher = Dispatcher(storage=DatabaseStorage(database))
        self._dispatcher["services"] = Services(
            self._studio,
            users,
            history,
            forgetting,
            desk,
            self._broadcaster,
            self._maintenance,
            reports,
            settings.engines.profile,
        )
        self._dispatcher["texts"] = self._texts
        self._dispatcher.include_routers(*handlers.routers())
        self._dispatcher.update.outer_middleware(WatchedUpdates(metrics))
        group, person = GroupMiddleware(), PersonMiddleware(users, self._texts)
        for observer in (self._dispatcher.message, self._dispatcher.callback_query, self._dispatcher.errors):
            observer.outer_middleware(group)
            observer.outer_middleware(person)
        self._intake = Intake(self._inbox, self._dispatcher, bot)

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Run until cancelled, or until something that must run has failed."""
        await self._queue.recover_others(self._owner)
        await self._delivery.recover()
        await self._maintenance.load()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._studio.show_open_jobs())
                group.create_task(self._run_jobs())
                group.create_task(self._board.run())
                group.create_task(self._delivery.run())
                group.create_task(self._sweeper.run())
                group.create_task(self._maintenance.run())
                group.create_task(self._broadcaster.run())
                if (port := self._settings.observability.port) is not None:
                    group.create_task(self._observatory.serve(self._settings.observability.host, port))
                group.create_task(commands.publish(self._bot, self._texts, self._settings.telegram.admins))
                await self._intake.recover()
                group.create_task(self._receive(on_ready))
        except BaseExceptionGroup as failures:
            raise _reason(failures) from failures
        finally:
            await self._intake.close()
            await self._pool.close()

    async def _run_jobs(self) -> None:
        await self._pool.start()
        log.info("engines_ready", devices=self._pool.device_count, capacity=self._pool.capacity)
        self._queue.use(_limits(self._settings, self._pool.device_count))
        await self._runner.run()

    async def _receive(self, on_ready: Callable[[], None]) -> None:
        if self._settings.telegram.mode == "webhook":
            await self._serve_webhook(on_ready)
            return
        try:
            await self._bot.delete_webhook()
        except TelegramUnauthorizedError as error:
            raise StartError("Telegram does not know this BOT_TOKEN. Ask @BotFather for the right one.") from error
        except (TelegramAPIError, OSError) as error:
            log.warning("webhook_not_deleted", error=type(error).__name__)
        poller = Poller(self._bot, self._intake, self._dispatcher.resolve_used_update_types())
        async with asyncio.TaskGroup() as group:
            group.create_task(poller.run())
            await poller.ready.wait()
            log.info("polling")
            on_ready()

    async def _serve_webhook(self, on_ready: Callable[[], None]) -> None:
        telegram, secret = self._settings.telegram, self._settings.secrets.webhook_secret
        if secret is None or telegram.webhook_url is None:
            raise StartError("A webhook needs webhook_url in bot.toml and WEBHOOK_SECRET in the environment.")
        hook = Webhook(self._bot, self._intake, path=telegram.webhook_path, secret=secret.get_secret_value())
        site = web.AppRunner(hook.application(), access_log=None)
        await site.setup()
        try:
            await web.TCPSite(site, telegram.webhook_host, telegram.webhook_port).start()
            await self._bot.set_webhook(
                telegram.webhook_url + telegram.webhook_path,
                secret_token=secret.get_secret_value(),
                allowed_updates=self._dispatcher.resolve_used_update_types(),
            )
            log.info("webhook_open", port=telegram.webhook_port)
            on_ready()
            await asyncio.Event().wait()
        finally:
            await site.cleanup()


def _reason(failures: BaseExceptionGroup) -> BaseException:
    """The one failure that an operator can act on, where there is one among them; else all of them."""
    found: BaseException | None = failures.subgroup((StartError, CheckpointError, DeviceMissing))
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found or failures


def _limits(settings: Settings, devices: int) -> Limits:
    return Limits(
        max_queued=settings.queue.max_queued_per_user,
        max_running=settings.queue.running_per_user_per_device * devices,
        max_attempts=settings.queue.max_attempts,
        daily_credits=settings.queue.daily_credits,
        utc_offset_min=settings.messages.default_utc_offset_min,
        devices=devices,
    )


@contextlib.asynccontextmanager
async def _bot(settings: Settings, metrics: Metrics) -> AsyncIterator[Bot]:
    session = telegram_session.session(settings.telegram.api_server)
    session.middleware(WatchedCalls(metrics))
    bot = Bot(
        settings.bot_token().get_secret_value(),
        session=session,
        default=DefaultBotProperties(parse_mode=ParseMode.HTML),
    )
    try:
        yield bot
    finally:
        await session.close()


@contextlib.asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    settings.storage.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.storage.url)
    try:
        await migrate.migrate_database(database)
        yield database
    finally:
        await database.close()
