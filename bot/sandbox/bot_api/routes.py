"""The HTTP surface for bots: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

from __future__ import annotations

import re

from aiohttp import BodyPartReader, web
from pydantic import JsonValue

from bot.sandbox import chatroom, errors, jsontext
from bot.sandbox.bot_api import dispatch
from bot.sandbox.bot_api.decode import Raw
from bot.sandbox.keys import WORLD
from bot.sandbox.media import uploads
from bot.sandbox.world import World

TOKEN = re.compile(r"(\d{1,15}):[A-Za-z0-9_-]{30,}")
TOKEN_LIKE = re.compile(r"\d+:.*")
MAX_FIELD_BYTES = 1024 * 1024


def add_routes(app: web.Application) -> None:
    """Adds the two routes of the Bot API."""
    app.router.add_route("*", "/bot{token:[^/]+}/{method}", call_method)
    app.router.add_get("/file/bot{token:[^/]+}/{path:.+}", download)


async def call_method(request: web.Request) -> web.StreamResponse:
    """Answers one method call; GET and POST, parameters anywhere Telegram takes them."""
    world = request.app[WORLD]
    try:
        bot_id = bot_id_of(request.match_info["token"])
        if request.method not in ("GET", "POST"):
            raise errors.NotFound
        raw = await parameters(request, world)
    except errors.ApiError as refused:
        return _answer(dispatch.Response(refused.status, refused.body()))
    try:
        bot = chatroom.register_bot(world, bot_id)
        response = await dispatch.dispatch(world, bot, request.match_info["method"], raw)
    finally:
        for value in raw.values():
            if isinstance(value, uploads.Upload):
                value.discard()
    if response.status == dispatch.RESET:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError
    return _answer(response)


async def download(request: web.Request) -> web.StreamResponse:
    """Sends the bytes of a file that `getFile` has named."""
    world = request.app[WORLD]
    try:
        bot_id_of(request.match_info["token"])
    except errors.ApiError as refused:
        return _answer(dispatch.Response(refused.status, refused.body()))
    stored = world.files.stored_at(request.match_info["path"])
    if stored is None:
        return _answer(dispatch.Response(404, errors.NotFound().body()))
    return web.FileResponse(world.files.on_disk(stored), headers={"Content-Type": stored.mime_type})


def bot_id_of(token: str) -> int:
    """Returns the id in front of a token; raises what Telegram answers to a broken one."""
    match = TOKEN.fullmatch(token)
    if match is not None and int(match[1]) > 0:
        return int(match[1])
    raise errors.Unauthorized if TOKEN_LIKE.fullmatch(token) else errors.NotFound


async def parameters(request: web.Request, world: World) -> dict[str, Raw]:
    """Reads query, JSON, form or multipart; files go to disk while they arrive."""
    raw: dict[str, Raw] = dict(request.query)
    if request.method == "GET" or not request.can_read_body:
        return raw
    if request.content_type == "application/json":
        raw.update(await _json_object(request))
    elif request.content_type == "application/x-www-form-urlencoded":
        raw.update({name: value for name, value in (await request.post()).items() if isinstance(value, str)})
    elif request.content_type.startswith("multipart/"):
        await _read_multipart(request, world, raw)
    return raw


async def _json_object(request: web.Request) -> dict[str, JsonValue]:
    try:
        body = jsontext.loads(await request.read() or b"{}")
    except ValueError as broken:
        raise errors.BadRequest("can't parse request JSON object") from broken
    if not isinstance(body, dict):
        raise errors.BadRequest("request JSON must be an object")
    return body


async def _read_multipart(request: web.Request, world: World, raw: dict[str, Raw]) -> None:
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                continue
            if part.filename is not None:
                raw[part.name] = await uploads.receive(part, world.files.incoming)
            else:
                raw[part.name] = await _text_field(part)
    except BaseException as failed:
        for value in raw.values():
            if isinstance(value, uploads.Upload):
                value.discard()
        if isinstance(failed, ValueError):
            raise errors.BadRequest("can't parse the multipart body") from failed
        raise


async def _text_field(part: BodyPartReader) -> str:
    content = bytearray()
    while chunk := await part.read_chunk():
        content += chunk
        if len(content) > MAX_FIELD_BYTES:
            raise errors.TooLarge
    return content.decode("utf-8", "replace")


def _answer(response: dispatch.Response) -> web.Response:
    headers = {}
    details = response.body.get("parameters")
    if isinstance(details, dict) and "retry_after" in details:
        headers["Retry-After"] = str(details["retry_after"])
    return web.json_response(response.body, status=response.status, headers=headers)
