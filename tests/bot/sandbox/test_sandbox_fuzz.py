"""Whatever a bot sends, the sandbox answers within the Bot API and never fails itself."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiogram import types
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from bot.sandbox import chatroom, jsontext, server
from bot.sandbox.bot_api.calls import ENDPOINTS
from bot.sandbox.bot_api.decode import Raw
from bot.sandbox.bot_api.dispatch import dispatch
from bot.sandbox.limits import NO_RATES
from bot.sandbox.media.uploads import Upload
from bot.sandbox.world import World, open_world
from tests.bot.sandbox.sandbox_kit import picture

ANN = 1000
PICTURE = picture()

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.just(ANN),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False),
    TEXT,
    st.sampled_from(["1000", "attach://x", "[]", "{}", "[[", "<b>", "HTML", "-1", "http://[", "1e999"]),
)
KEYS = st.sampled_from(["type", "media", "inline_keyboard", "text", "callback_data", "url", "message_id", "emoji"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)
BUTTON = st.fixed_dictionaries({"text": TEXT}, optional={"callback_data": TEXT, "url": TEXT, "style": TEXT})
MEDIA = st.fixed_dictionaries(
    {"type": st.sampled_from(["photo", "document", "video"]), "media": st.sampled_from(["attach://file", "id"])},
    optional={"caption": TEXT, "parse_mode": st.sampled_from(["HTML", "MarkdownV2"])},
)
LIKELY: dict[str, st.SearchStrategy[JsonValue]] = {
    "chat_id": st.just(ANN),
    "from_chat_id": st.just(ANN),
    "user_id": st.just(ANN),
    "message_id": st.integers(1, 4),
    "message_ids": st.lists(st.integers(1, 4), max_size=3),
    "text": TEXT,
    "caption": TEXT,
    "photo": st.just("attach://file"),
    "document": st.just("attach://file"),
    "video": st.just("attach://file"),
    "parse_mode": st.sampled_from(["HTML", "Markdown", "MarkdownV2"]),
    "media": MEDIA | st.lists(MEDIA, max_size=4),
    "reply_markup": st.fixed_dictionaries({"inline_keyboard": st.lists(st.lists(BUTTON, max_size=3), max_size=3)}),
}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    assert server.METHOD_MODULES
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:

        async def prepare() -> World:
            opened = open_world(Path(folder), rates=NO_RATES)
            ann = types.User(id=ANN, is_bot=False, first_name="Ann")
            opened.people.add_user(ann)
            bot = chatroom.register_bot(opened, 42)
            for author in (ann, bot, bot, bot):
                chat = types.Chat(id=ANN, type="private", first_name="Ann")
                chatroom.post(opened, chatroom.envelope(opened, chat, author, text="hello"), author.id)
            return opened

        opened = runner.run(prepare())
        yield opened
        opened.close()


@settings(max_examples=200)
@given(data=st.data())
def test_no_parameters_make_the_sandbox_fail(world: World, data: st.DataObject) -> None:
    endpoint = data.draw(st.sampled_from(list(ENDPOINTS.values())), label="method")
    fields = {name: field for name, field in endpoint.kind.model_fields.items() if name != "timeout"}
    required = {name for name, field in fields.items() if field.is_required()}
    wild = data.draw(st.sets(st.sampled_from(sorted(fields)), max_size=1) if fields else st.just(set()))
    known = sorted(fields.keys() & LIKELY.keys())
    tame = data.draw(st.sets(st.sampled_from(known)) if known else st.just(set()))
    chosen = required | tame | (wild if data.draw(st.integers(0, 4)) == 0 else set())
    raw: dict[str, Raw] = {}
    for name in sorted(chosen):
        is_likely = name in LIKELY and data.draw(st.integers(0, 9)) > 0
        raw[name] = data.draw(LIKELY[name] if is_likely else VALUES, label=name)

    async def call() -> int:
        path = world.files.incoming / "upload"
        path.write_bytes(PICTURE)
        bot = chatroom.register_bot(world, 42)
        upload = Upload(path, "file.png", len(PICTURE), "image/png")
        return (await dispatch(world, bot, endpoint.name, {**raw, "file": upload})).status

    assert asyncio.run(call()) in (200, 400, 403, 404, 409)


@given(st.text(max_size=30) | st.binary(max_size=30))
def test_json_from_outside_is_parsed_into_text_that_can_be_sent_or_refused(text: str | bytes) -> None:
    try:
        value = jsontext.loads(text)
    except ValueError:
        return
    str(value).encode()


@pytest.mark.parametrize("text", ['"\\ud83d"', "NaN", "1" * 5000, "[" * 100_000])
def test_json_that_nobody_can_use_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is the parser's own
        jsontext.loads(text)
