"""One call from raw parameters to its recorded answer, over HTTP or in the body of a webhook's response."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import structlog
from aiogram import types
from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from bot.sandbox import errors
from bot.sandbox.bot_api import decode
from bot.sandbox.bot_api.calls import ENDPOINTS, KNOWN_METHODS, Call, Endpoint
from bot.sandbox.faults import DEFAULT_DELAY_S, Fault, strike
from bot.sandbox.media.uploads import Upload
from bot.sandbox.world import World

log = structlog.get_logger(__name__)

RESET = 0  # the status of a call that got no answer


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back to the bot; status 0 stands for a connection that is cut."""

    status: int
    body: dict[str, JsonValue]


def find(name: str) -> Endpoint:
    """Returns a method by its name; raises NotFound, or NotImplementedHere for one that only Telegram has."""
    endpoint = ENDPOINTS.get(name.lower())
    if endpoint is not None:
        return endpoint
    if name.lower() in KNOWN_METHODS:
        raise errors.NotImplementedHere(KNOWN_METHODS[name.lower()])
    raise errors.NotFound


async def dispatch(world: World, bot: types.User, name: str, raw: Mapping[str, decode.Raw]) -> Response:
    """Runs one call and records it: injected faults first, then the rules, then the method."""
    known = ENDPOINTS.get(name.lower())
    shown_name = known.name if known else KNOWN_METHODS.get(name.lower(), name)
    fault = world.faults.draw(shown_name)
    try:
        if fault is not None and not fault.after:
            await _suffer(fault)
        response = Response(200, {"ok": True, "result": await _run(world, bot, name, raw)})
        if fault is not None and fault.after:
            await _suffer(fault)
    except ConnectionResetError:
        response = Response(RESET, {})
    except errors.ApiError as refused:
        response = Response(refused.status, refused.body())
    except OverflowError:
        response = Response(400, errors.BadRequest("a number is too large").body())
    except Exception:
        log.exception("sandbox.method_failed", method=shown_name)
        failure = errors.ServerFailure(500, "Internal Server Error: the sandbox failed, see its log")
        response = Response(500, failure.body())
    world.calls.add(
        bot_id=bot.id,
        method=shown_name,
        parameters=decode.plain(raw, known.kind if known else None),
        status=response.status,
        at=world.clock(),
    )
    return response


async def _run(world: World, bot: types.User, name: str, raw: Mapping[str, decode.Raw]) -> JsonValue:
    endpoint = find(name)
    uploads = {field: value for field, value in raw.items() if isinstance(value, Upload)}
    result = await endpoint.handler(Call(world, bot, uploads), decode.decode(endpoint.kind, raw))
    return cast(JsonValue, to_jsonable_python(result, by_alias=True, exclude_none=True))


async def _suffer(fault: Fault) -> None:
    if fault.kind == "delay":
        await asyncio.sleep(DEFAULT_DELAY_S if fault.delay_s is None else fault.delay_s)
    strike(fault)
