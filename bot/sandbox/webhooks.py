"""Sends updates to webhooks: at least once, in parallel up to the bot's limit, again and again until it takes them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import structlog
from pydantic import JsonValue

from bot.sandbox.bot_api.dispatch import dispatch
from bot.sandbox.hub import WebhookFailure
from bot.sandbox.store.people import Webhook
from bot.sandbox.store.updates import PendingUpdate
from bot.sandbox.world import World

log = structlog.get_logger(__name__)

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 30.0
TIMEOUT_S = 60.0
MAX_ANSWER_BYTES = 1024 * 1024
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


@asynccontextmanager
async def delivering(world: World) -> AsyncIterator[None]:
    """Delivers while the context is open; webhooks set before a restart go on."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session:
        task = asyncio.create_task(_watch(world, session))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _watch(world: World, session: aiohttp.ClientSession) -> None:
    """Keeps one pump for every webhook that is set."""
    pumps: dict[tuple[int, Webhook], asyncio.Task[None]] = {}
    try:
        while True:
            world.hub.webhooks_changed.clear()
            found = ((bot.id, world.people.webhook(bot.id)) for bot in world.people.bots())
            wanted = {(bot_id, webhook) for bot_id, webhook in found if webhook is not None}
            for key in set(pumps) - wanted:
                await _stop(pumps.pop(key))
            for bot_id, webhook in wanted - set(pumps):
                pumps[bot_id, webhook] = asyncio.create_task(_pump(world, session, bot_id, webhook))
            await world.hub.webhooks_changed.wait()
    finally:
        for pump in pumps.values():
            await _stop(pump)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _pump(world: World, session: aiohttp.ClientSession, bot_id: int, webhook: Webhook) -> None:
    in_flight: set[int] = set()

    async def deliver(update: PendingUpdate) -> None:
        wait_s = FIRST_RETRY_S
        while not await _attempt(world, session, bot_id, webhook, update):
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_RETRY_S)
        world.updates.acknowledge(bot_id, update.update_id)
        in_flight.discard(update.update_id)
        world.hub.updates_arrived(bot_id)

    async with asyncio.TaskGroup() as group:
        while True:
            arrival = world.hub.next_arrival(bot_id)
            free = webhook.max_connections - len(in_flight)
            if free > 0:
                for update in world.updates.pending(bot_id, limit=free, excluding=sorted(in_flight)):
                    in_flight.add(update.update_id)
                    group.create_task(deliver(update))
            await asyncio.wait([arrival])


async def _attempt(
    world: World, session: aiohttp.ClientSession, bot_id: int, webhook: Webhook, update: PendingUpdate
) -> bool:
    """Posts one update; True when the bot took it. A method in the answer is called, as Telegram does."""
    headers = {} if webhook.secret_token is None else {SECRET_HEADER: webhook.secret_token}
    try:
        async with session.post(webhook.url, json=update.body, headers=headers) as response:
            content = await response.content.read(MAX_ANSWER_BYTES)
            if not 200 <= response.status < 300:
                _remember_failure(world, bot_id, f"Wrong response from the webhook: {response.status}")
                return False
    except (aiohttp.ClientError, TimeoutError) as failed:
        _remember_failure(world, bot_id, f"Connection failed: {type(failed).__name__}")
        return False
    await _call_in_answer(world, bot_id, content)
    return True


async def _call_in_answer(world: World, bot_id: int, content: bytes) -> None:
    try:
        body: JsonValue = json.loads(content)
    except ValueError:
        return
    bot = world.people.bot(bot_id)
    if bot is None or not isinstance(body, dict) or not isinstance(method := body.get("method"), str):
        return
    await dispatch(world, bot, method, {name: value for name, value in body.items() if name != "method"})


def _remember_failure(world: World, bot_id: int, message: str) -> None:
    world.hub.webhook_failures[bot_id] = WebhookFailure(world.now(), message)
    log.warning("sandbox.webhook_failed", bot_id=bot_id, reason=message)
