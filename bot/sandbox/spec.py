"""Checks recorded calls against a machine-readable Bot API specification, where one is at hand.

The specification is a JSON object `{"methods": {name: {"fields": [...]}}, "types": {name: {"fields": [...],
"subtypes": [...]}}}` whose fields have a name, a list of types and a flag `required`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel, JsonValue

from bot.sandbox.client import RecordedCall

ATTACH = "attach://"
ARRAY = "Array of "
UPLOAD_KEYS = {"file_name", "size"}


class Field(BaseModel):
    """One parameter of a method or one field of a type."""

    name: str
    types: list[str]
    required: bool


class Shape(BaseModel):
    """A method or a type; a type may be one of several subtypes instead of having fields."""

    fields: list[Field] = []
    subtypes: list[str] = []


class Specification(BaseModel):
    """The whole Bot API."""

    methods: dict[str, Shape]
    types: dict[str, Shape]


def spec_violations(calls: Iterable[RecordedCall], specification: Specification) -> list[str]:
    """Returns one line for every parameter that the Bot API does not know, misses, or wants in another type."""
    return [line for call in calls for line in _call_violations(call, specification)]


def _call_violations(call: RecordedCall, specification: Specification) -> Iterator[str]:
    shape = specification.methods.get(call.method)
    if shape is None:
        yield f"{call.method}: no such method"
        return
    attached = set(_attached(call.parameters))
    parameters = {name: value for name, value in call.parameters.items() if name not in attached}
    yield from _object_violations(call.method, parameters, shape, specification)


def _object_violations(
    place: str, value: Mapping[str, JsonValue], shape: Shape, specification: Specification
) -> Iterator[str]:
    known = {field.name: field for field in shape.fields}
    for name in known.keys() - value.keys():
        if known[name].required:
            yield f"{place}.{name}: required, and not there"
    for name, inner in value.items():
        if name not in known:
            yield f"{place}.{name}: no such field"
            continue
        readings = [list(_violations(f"{place}.{name}", inner, kind, specification)) for kind in known[name].types]
        yield from min(readings, key=len, default=[])


def _violations(place: str, value: JsonValue, kind: str, specification: Specification) -> Iterator[str]:
    if kind.startswith(ARRAY):
        if not isinstance(value, list):
            yield f"{place}: not an array"
            return
        for position, item in enumerate(value):
            yield from _violations(f"{place}[{position}]", item, kind.removeprefix(ARRAY), specification)
    elif kind in specification.types and kind != "InputFile":
        yield from _type_violations(place, value, kind, specification)
    elif not _is_scalar(value, kind):
        yield f"{place}: {type(value).__name__} is not {kind}"


def _type_violations(place: str, value: JsonValue, kind: str, specification: Specification) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place}: not an object of type {kind}"
        return
    shape = specification.types[kind]
    if not shape.subtypes:
        yield from _object_violations(place, value, shape, specification)
        return
    readings = [list(_type_violations(place, value, name, specification)) for name in shape.subtypes]
    yield from min(readings, key=len)


def _is_scalar(value: JsonValue, kind: str) -> bool:
    match kind:
        case "Integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "Float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "Boolean":
            return isinstance(value, bool)
        case "InputFile":
            return isinstance(value, dict) and set(value) == UPLOAD_KEYS
        case _:
            return isinstance(value, str)


def _attached(value: JsonValue) -> Iterator[str]:
    """Yields the names of form fields that `attach://` refers to."""
    if isinstance(value, str) and value.startswith(ATTACH):
        yield value.removeprefix(ATTACH)
    elif isinstance(value, list):
        for item in value:
            yield from _attached(item)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _attached(inner)
