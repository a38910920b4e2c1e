"""How the user side reads bodies and numbers, and answers."""

from __future__ import annotations

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from bot.sandbox import errors

BodyT = TypeVar("BodyT", bound=BaseModel)


def answer(value: object, *, status: int = 200) -> web.Response:
    """Returns a value as JSON, Bot API objects in their own field names."""
    body = to_json(value, by_alias=True, exclude_none=True)
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")


async def body_as(request: web.Request, kind: type[BodyT]) -> BodyT:
    """Returns the JSON body; raises BadRequest with the first thing that is wrong."""
    try:
        return kind.model_validate_json(await request.read() or b"{}")
    except ValidationError as invalid:
        raise errors.BadRequest(reason(invalid)) from invalid


def reason(invalid: ValidationError) -> str:
    """Returns one line about the first error of a validation."""
    first = invalid.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]


def number_in_path(request: web.Request, name: str) -> int:
    """Returns an integer from the path; raises NotFound for anything else."""
    return _number(request.match_info[name], errors.NotFound(f"{name} must be an integer"))


def number_in_query(request: web.Request, name: str) -> int | None:
    """Returns an integer from the query, or None when it is not given."""
    given = request.query.get(name)
    return None if not given else _number(given, errors.BadRequest(f"{name} must be an integer"))


def _number(given: str, refusal: errors.ApiError) -> int:
    if given.removeprefix("-").isdecimal() and len(given) < 18:
        return int(given)
    raise refusal
