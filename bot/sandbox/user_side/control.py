"""What tests steer and look at: recorded calls, faults, files, health."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from bot.sandbox import errors
from bot.sandbox.faults import Fault
from bot.sandbox.keys import READY, WORLD
from bot.sandbox.media.storage import StoredFile
from bot.sandbox.user_side import replies

SHOWN_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4", "video/webm", "audio/")


def add_routes(app: web.Application) -> None:
    """Adds the routes of this module."""
    app.router.add_get("/sandbox/calls", calls)
    app.router.add_post("/sandbox/faults", add_fault)
    app.router.add_get("/sandbox/faults", list_faults)
    app.router.add_delete("/sandbox/faults", clear_faults)
    app.router.add_get("/sandbox/files/{file_id}", download)
    app.router.add_get("/sandbox/health", health)


async def calls(request: web.Request) -> web.Response:
    """Lists what the bot called, after a moment in Unix seconds: the `at` of the last call seen continues the list."""
    try:
        after = float(request.query.get("after") or 0)
    except ValueError as wrong:
        raise errors.BadRequest("after must be a number") from wrong
    return replies.answer(request.app[WORLD].calls.list(method=request.query.get("method") or None, after=after))


async def add_fault(request: web.Request) -> web.Response:
    """Adds a fault."""
    fault = await replies.body_as(request, Fault)
    request.app[WORLD].faults.add(fault)
    return replies.answer(fault)


async def list_faults(request: web.Request) -> web.Response:
    """Lists the active faults with the times that remain."""
    return replies.answer(request.app[WORLD].faults.active())


async def clear_faults(request: web.Request) -> web.Response:
    """Removes all faults."""
    request.app[WORLD].faults.clear()
    return replies.answer({"ok": True})


async def download(request: web.Request) -> web.StreamResponse:
    """Sends a file. What a browser could run as a page of ours is only offered for saving."""
    world = request.app[WORLD]
    stored = world.files.stored(request.match_info["file_id"])
    if stored is None:
        raise errors.NotFound("there is no such file")
    headers = {"Content-Type": stored.mime_type, "X-Content-Type-Options": "nosniff"}
    if not stored.mime_type.startswith(SHOWN_TYPES):
        headers["Content-Disposition"] = "attachment"
        headers["Content-Security-Policy"] = "sandbox"
    name = request.query.get("name")
    if name:  # the page asks for saving under the name that the message shows
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return _file(request, stored, headers)


def _file(request: web.Request, stored: StoredFile, headers: dict[str, str]) -> web.FileResponse:
    return web.FileResponse(request.app[WORLD].files.on_disk(stored), headers=headers)


async def health(request: web.Request) -> web.Response:
    """Answers 200 when everything that belongs to this sandbox is ready, else 503."""
    if request.app[READY]():
        return replies.answer({"ok": True})
    return replies.answer({"ok": False, "description": "the bot is starting"}, status=503)
