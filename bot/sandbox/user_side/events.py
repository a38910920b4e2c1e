"""Server-sent events: what changes in a chat, as it happens."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web

from bot.sandbox.hub import Event
from bot.sandbox.keys import WORLD
from bot.sandbox.user_side import replies

HEARTBEAT_S = 15.0


def add_routes(app: web.Application) -> None:
    """Adds the route of this module."""
    app.router.add_get("/sandbox/events", stream)


async def stream(request: web.Request) -> web.StreamResponse:
    """Streams events of one chat or of all, of what one viewer sees or of everything.

    `Last-Event-ID` brings what was missed while the sandbox ran.
    """
    chat_id = replies.number_in_query(request, "chat_id")
    viewer_id = replies.number_in_query(request, "viewer_id")
    last_seen = request.headers.get("Last-Event-ID", "")
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
    )
    with (
        request.app[WORLD].hub.listen(int(last_seen) if last_seen.isdecimal() else None) as queue,
        suppress(ConnectionResetError),  # the browser has gone
    ):
        await response.prepare(request)
        await response.write(b": welcome\n\n")
        while not request.app[WORLD].hub.closed:
            try:
                event = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
            except TimeoutError:
                await response.write(b": heartbeat\n\n")
                continue
            if event is None:
                break
            if chat_id in (None, event.chat_id) and (viewer_id is None or event.only_for in (None, viewer_id)):
                await response.write(_frame(event))
    return response


def _frame(event: Event) -> bytes:
    return f"id: {event.id}\nevent: {event.kind}\ndata: {event.data}\n\n".encode()
