from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.sandbox import server
from bot.sandbox.bot_api.calls import ENDPOINTS, KNOWN_METHODS
from bot.sandbox.client import RecordedCall
from bot.sandbox.spec import Field, Shape, Specification, spec_violations

SMALL = Specification(
    methods={
        "sendPhoto": Shape(
            fields=[
                Field(name="chat_id", types=["Integer", "String"], required=True),
                Field(name="photo", types=["InputFile", "String"], required=True),
                Field(name="reply_markup", types=["Keyboard", "Force"], required=False),
            ]
        ),
        "sendMediaGroup": Shape(fields=[Field(name="media", types=["Array of Item"], required=True)]),
    },
    types={
        "Keyboard": Shape(fields=[Field(name="rows", types=["Array of Array of String"], required=True)]),
        "Force": Shape(fields=[Field(name="force", types=["Boolean"], required=True)]),
        "Item": Shape(subtypes=["Photo", "Video"]),
        "Photo": Shape(fields=[Field(name="media", types=["String"], required=True)]),
        "Video": Shape(fields=[Field(name="clip", types=["String"], required=True)]),
    },
)


def call(method: str, **parameters: object) -> RecordedCall:
    return RecordedCall.model_validate({"method": method, "parameters": parameters, "status": 200, "at": 0.0})


def test_valid_calls_have_no_violations() -> None:
    calls = [
        call("sendPhoto", chat_id=1, photo={"file_name": "a.png", "size": 3}, reply_markup={"rows": [["a"]]}),
        call("sendPhoto", chat_id="@a", photo="id", reply_markup={"force": True}),
        call("sendMediaGroup", media=[{"media": "attach://x"}, {"clip": "id"}], x={"file_name": "a", "size": 1}),
    ]
    assert spec_violations(calls, SMALL) == []


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (call("paint"), "paint: no such method"),
        (call("sendPhoto", chat_id=1), "sendPhoto.photo: required, and not there"),
        (call("sendPhoto", chat_id=1, photo="x", colour="red"), "sendPhoto.colour: no such field"),
        (call("sendPhoto", chat_id=True, photo="x"), "sendPhoto.chat_id: bool is not Integer"),
        (
            call("sendPhoto", chat_id=1, photo="x", reply_markup={"rows": [[1]]}),
            "sendPhoto.reply_markup.rows[0][0]: int is not String",
        ),
        (call("sendMediaGroup", media=[{"media": 5}]), "sendMediaGroup.media[0].media: int is not String"),
    ],
)
def test_every_kind_of_violation_is_told(wrong: RecordedCall, line: str) -> None:
    assert spec_violations([wrong], SMALL) == [line]


def test_every_method_answers_under_a_name_of_the_bot_api() -> None:
    assert server.METHOD_MODULES
    for name, endpoint in ENDPOINTS.items():
        assert KNOWN_METHODS[name] == endpoint.name


def test_methods_and_their_required_parameters_are_those_of_the_specification() -> None:
    path = os.environ.get("BOT_API_SPEC")
    if not path or not Path(path).is_file():
        pytest.skip("BOT_API_SPEC names no specification file")
    specification = Specification.model_validate_json(Path(path).read_bytes())
    for endpoint in ENDPOINTS.values():
        fields = {field.name: field for field in specification.methods[endpoint.name].fields}
        ours = endpoint.kind.model_fields
        assert fields.keys() <= ours.keys(), endpoint.name
        required = {name for name, field in fields.items() if field.required}
        assert {name for name, field in ours.items() if field.is_required()} <= required, endpoint.name
