"""From raw parameters (form fields, query, JSON body) to aiogram's typed method."""

from __future__ import annotations

import functools
import types as python_types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from aiogram.methods import TelegramMethod
from pydantic import BaseModel, JsonValue, ValidationError

from bot.sandbox import errors, jsontext
from bot.sandbox.media.uploads import Upload

Raw = JsonValue | Upload

# Telegram's words for what is most often forgotten.
MISSING = {
    "chat_id": "chat_id is empty",
    "from_chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "video": "there is no video in the request",
    "animation": "there is no animation in the request",
    "audio": "there is no audio in the request",
    "voice": "there is no voice in the request",
    "media": "media is not specified",
    "file_id": "file_id not specified",
    "user_id": "user_id not specified",
    "callback_query_id": "query is too old and response timeout expired or query ID is invalid",
    "action": "wrong parameter action in request",
}


def decode(kind: type[TelegramMethod[Any]], raw: Mapping[str, Raw]) -> TelegramMethod[Any]:
    """Returns the method with typed parameters; raises BadRequest in Telegram's words. Unknown ones are ignored."""
    values: dict[str, Raw] = {}
    for name, field in kind.model_fields.items():
        value = raw.get(name)
        if value is None or (value == "" and field.is_required() and name in MISSING):
            continue
        values[name] = _shaped(kind, name, value)
    try:
        return kind.model_validate(values)
    except ValidationError as invalid:
        raise errors.BadRequest(_reason(invalid)) from invalid


def _shaped(kind: type[TelegramMethod[Any]], name: str, value: Raw) -> Raw:
    if isinstance(value, str) and _is_structured(kind, name):
        try:
            return jsontext.loads(value)
        except ValueError as broken:
            raise errors.BadRequest(f"can't parse {name} JSON object") from broken
    if isinstance(value, int | float) and _is_text(kind, name):  # a JSON body may give an id or a text as a number
        return str(value)
    return value


@functools.cache
def _is_text(kind: type[TelegramMethod[Any]], name: str) -> bool:
    leaves = list(_leaves(kind.model_fields[name].annotation))
    return str in leaves and not {int, float, bool} & set(leaves)


@functools.cache
def _is_structured(kind: type[TelegramMethod[Any]], name: str) -> bool:
    """Says whether a parameter travels as JSON inside a form field: a list or an object, and no upload."""
    leaves = list(_leaves(kind.model_fields[name].annotation))
    return any(
        get_origin(leaf) in (list, dict) or (isinstance(leaf, type) and issubclass(leaf, BaseModel)) for leaf in leaves
    )


def _leaves(annotation: object) -> Iterator[object]:
    origin = get_origin(annotation)
    if origin in (Union, python_types.UnionType):
        for argument in get_args(annotation):
            yield from _leaves(argument)
    elif origin is Annotated:
        yield from _leaves(get_args(annotation)[0])
    else:
        yield annotation


def _reason(invalid: ValidationError) -> str:
    first = invalid.errors(include_url=False, include_input=False)[0]
    place = [str(part) for part in first["loc"]]
    name = place[0] if place else "request"
    if first["type"] == "missing" and len(place) == 1:
        return MISSING.get(name, f"parameter {name} is required")
    if name == "reply_markup":
        return f"can't parse inline keyboard button: {first['msg']} ({'.'.join(place[1:])})"
    return f"can't parse {'.'.join(place)}: {first['msg']}"


def plain(raw: Mapping[str, Raw], kind: type[TelegramMethod[Any]] | None) -> dict[str, JsonValue]:
    """Returns the parameters as the record of calls shows them, whatever encoding the bot chose.

    Uploads become a name and a size, JSON fields are parsed, numbers and flags of known parameters get their types.
    """
    shown: dict[str, JsonValue] = {}
    for name, value in raw.items():
        if isinstance(value, Upload):
            shown[name] = {"file_name": value.name, "size": value.size}
        elif isinstance(value, str) and kind is not None and name in kind.model_fields:
            shown[name] = _typed(value, kind, name)
        else:
            shown[name] = value
    return shown


def _typed(value: str, kind: type[TelegramMethod[Any]], name: str) -> JsonValue:
    leaves = list(_leaves(kind.model_fields[name].annotation))
    is_number = int in leaves and value.removeprefix("-").isdecimal()
    is_flag = bool in leaves and value.lower() in ("true", "false")
    if not (is_number or is_flag or _is_structured(kind, name)):
        return value
    try:
        return jsontext.loads(value.lower() if is_flag else value)
    except ValueError:
        return value
