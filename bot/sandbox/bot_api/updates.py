"""getUpdates and the settings of webhooks."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlsplit

from aiogram import methods, types
from pydantic import JsonValue

from bot.sandbox import errors
from bot.sandbox.bot_api.calls import Call, implements
from bot.sandbox.store.people import Webhook

MAX_POLL_S = 50
MAX_UPDATES = 100
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


@implements(methods.GetUpdates)
async def get_updates(call: Call, ask: methods.GetUpdates) -> list[dict[str, JsonValue]]:
    """Acknowledges what lies below the offset, then returns the oldest updates, waiting for some up to `timeout` s."""
    world, bot_id = call.world, call.bot.id
    if world.people.webhook(bot_id) is not None:
        raise errors.Conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        )
    with world.database.transaction():
        if ask.allowed_updates is not None:
            world.people.allow_updates(bot_id, ask.allowed_updates)
        if ask.offset is not None and ask.offset < 0:
            world.updates.keep_last(bot_id, -ask.offset)
        elif ask.offset:
            world.updates.acknowledge_below(bot_id, ask.offset)
    limit = min(ask.limit, MAX_UPDATES) if ask.limit and ask.limit > 0 else MAX_UPDATES
    mark = world.hub.begin_poll(bot_id)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + min(max(ask.timeout or 0, 0), MAX_POLL_S)
    while True:
        arrival = world.hub.next_arrival(bot_id)
        if world.hub.closed:
            return []
        if not world.hub.is_current_poll(bot_id, mark):
            raise errors.Conflict(
                "terminated by other getUpdates request; make sure that only one bot instance is running"
            )
        pending = world.updates.pending(bot_id, limit=limit)
        if pending or loop.time() >= deadline:
            return [update.body for update in pending]
        await asyncio.wait([arrival], timeout=deadline - loop.time())


@implements(methods.SetWebhook)
async def set_webhook(call: Call, ask: methods.SetWebhook) -> bool:
    """Sends updates to an address from now on; an empty one stops it. Plain HTTP is allowed here."""
    world, bot_id = call.world, call.bot.id
    parts = urlsplit(ask.url)
    if ask.url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise errors.BadRequest("bad webhook: invalid webhook URL specified")
    if ask.secret_token is not None and SECRET.fullmatch(ask.secret_token) is None:
        raise errors.BadRequest("secret token contains unallowed characters")
    with world.database.transaction():
        if ask.allowed_updates is not None:
            world.people.allow_updates(bot_id, ask.allowed_updates)
        if ask.drop_pending_updates:
            world.updates.keep_last(bot_id, 0)
        connections = min(max(ask.max_connections or 40, 1), 100)
        webhook = Webhook(ask.url, ask.secret_token, connections) if ask.url else None
        world.people.set_webhook(bot_id, webhook)
    world.hub.begin_poll(bot_id)
    world.hub.webhook_failures.pop(bot_id, None)
    world.hub.webhooks_changed.set()
    return True


@implements(methods.DeleteWebhook)
async def delete_webhook(call: Call, ask: methods.DeleteWebhook) -> bool:
    """Goes back to getUpdates."""
    with call.world.database.transaction():
        call.world.people.set_webhook(call.bot.id, None)
        if ask.drop_pending_updates:
            call.world.updates.keep_last(call.bot.id, 0)
    call.world.hub.webhooks_changed.set()
    return True


@implements(methods.GetWebhookInfo)
async def get_webhook_info(call: Call, ask: methods.GetWebhookInfo) -> types.WebhookInfo:
    """Tells the address, how many updates wait, and the last failure."""
    world, bot_id = call.world, call.bot.id
    webhook = world.people.webhook(bot_id)
    failure = world.hub.webhook_failures.get(bot_id)
    return types.WebhookInfo(
        url="" if webhook is None else webhook.url,
        has_custom_certificate=False,
        pending_update_count=world.updates.count(bot_id),
        max_connections=None if webhook is None else webhook.max_connections,
        last_error_date=None if failure is None else failure.at,
        last_error_message=None if failure is None else failure.message,
        allowed_updates=world.people.allowed_updates(bot_id),
    )
