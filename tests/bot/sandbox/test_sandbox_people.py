from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot, types
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError

from bot.sandbox import server
from bot.sandbox.client import SandboxClient, SandboxRefused
from bot.sandbox.server import RunningSandbox, SeedUser
from tests.bot.fake_telegram import PATIENCE_S
from tests.bot.sandbox.sandbox_kit import picture


async def test_users_get_an_id_and_a_private_chat_with_it(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    chosen = await people.create_user("Боря", username="borya", language_code="ru", id=5000)
    bea = await people.create_user("Bea")
    assert chosen.id == 5000
    assert bea.id not in (ann.id, chosen.id)
    chat = await bot.get_chat(chosen.id)
    assert (chat.type, chat.first_name, chat.username) == ("private", "Боря", "borya")


async def test_seeded_users_are_there_and_keep_their_names_over_restarts(tmp_path: Path) -> None:
    seeds = [SeedUser(1000, "Admin", username="admin"), SeedUser(1001, "Ann")]
    for _ in range(2):
        async with await server.start(tmp_path, seed_users=seeds) as sandbox, SandboxClient(sandbox.url) as people:
            async with people.http.get("/sandbox/users") as response:
                users = await response.json()
            assert [(user["id"], user["first_name"]) for user in users] == [(1000, "Admin"), (1001, "Ann")]


async def test_in_a_group_the_bot_gets_only_what_is_meant_for_it(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    me = await bot.get_me()
    bea = await people.create_user("Bea")
    group = await people.create_group("Painters", [ann, bea])
    own = await bot.send_message(group.id, "I am here")
    await people.say(ann, "between us", chat=group)
    await people.say(ann, "/paint a circle", chat=group)
    await people.say(bea, "/paint@somebody_else a circle", chat=group)
    await people.say(bea, f"@{me.username} hello", chat=group)
    await people.say(bea, "nice", chat=group, reply_to=own)
    updates = await bot.get_updates()
    assert [update.event_type for update in updates] == ["my_chat_member", "message", "message", "message"]
    texts = [update.message.text for update in updates if update.message]
    assert texts == ["/paint a circle", f"@{me.username} hello", "nice"]
    assert group.id < -1_000_000_000_000
    assert await bot.get_chat_member_count(group.id) == 3
    assert [(await bot.get_chat_member(group.id, user.id)).status for user in (ann, bea, me)] == [
        "creator",
        "member",
        "member",
    ]
    assert [member.user.id for member in await bot.get_chat_administrators(group.id)] == [ann.id]


async def test_a_bot_that_left_cannot_write(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    await bot.get_me()
    group = await people.create_group("Painters", [ann], kind="group")
    await bot.leave_chat(group.id)
    with pytest.raises(TelegramForbiddenError, match="bot is not a member of the group chat"):
        await bot.send_message(group.id, "still?")


async def test_strangers_cannot_write_into_a_chat(people: SandboxClient, ann: types.User) -> None:
    bea = await people.create_user("Bea")
    with pytest.raises(SandboxRefused) as refused:
        await people.say(bea, "hi", chat=ann)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/sandbox/users", {}, 400),
        ("/sandbox/users", {"first_name": ""}, 400),
        ("/sandbox/users", {"first_name": "A", "age": 3}, 400),
        ("/sandbox/chats", {"type": "group", "title": "T", "member_ids": [77]}, 404),
        ("/sandbox/chats", {"type": "channel", "title": "T", "member_ids": [77]}, 400),
        ("/sandbox/chats/77/messages", {"from_id": 77, "text": "hi"}, 404),
        ("/sandbox/chats/1000/messages", {"text": "hi"}, 400),
        ("/sandbox/chats/1000/messages", {"from_id": "x", "text": "hi"}, 400),
        ("/sandbox/chats/1000/messages", {"from_id": 1000}, 400),
        ("/sandbox/chats/1000/messages", {"from_id": 1000, "text": "x" * 4097}, 400),
        ("/sandbox/chats/1000/messages", {"from_id": 1000, "text": "hi", "reply_to": 9}, 400),
        ("/sandbox/chats/1000/messages", {"from_id": 1000, "photo": "not a file"}, 400),
        ("/sandbox/callbacks", {"from_id": 1000, "chat_id": 1000, "message_id": 9, "data": "x"}, 404),
    ],
)
async def test_bad_requests_are_answered_as_json(
    people: SandboxClient, ann: types.User, path: str, body: dict[str, Any], status: int
) -> None:
    assert ann.id == 1000
    async with people.http.post(path, json=body) as response:
        answer = await response.json()
    assert response.status == status
    assert answer["ok"] is False
    assert answer["description"]


class Stream:
    """An event stream as a browser reads it."""

    def __init__(self, people: SandboxClient, chat_id: int, last_id: str = "") -> None:
        headers = {"Last-Event-ID": last_id} if last_id else {}
        self._opening = people.http.get(f"/sandbox/events?chat_id={chat_id}", headers=headers)

    async def __aenter__(self) -> Stream:
        self._response = await self._opening
        assert await self._line() == ": welcome"
        await self._line()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._response.close()

    async def next(self) -> tuple[str, str, dict[str, Any]]:
        lines = dict([(await self._line()).split(": ", 1) for _ in range(3)])
        await self._line()
        return lines["id"], lines["event"], json.loads(lines["data"])

    async def _line(self) -> str:
        return (await asyncio.wait_for(self._response.content.readline(), PATIENCE_S)).decode().rstrip("\n")


async def test_a_browser_sees_everything_that_happens_in_its_chat(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    bea = await people.create_user("Bea")
    async with Stream(people, ann.id) as stream:
        await people.say(bea, "elsewhere")
        said = await people.say(ann, "hello")
        await bot.send_chat_action(ann.id, "upload_photo")
        sent = await bot.send_message(ann.id, "working")
        await bot.edit_message_text("done", chat_id=ann.id, message_id=sent.message_id)
        pressed = await people.press(ann, sent, "x")
        await bot.answer_callback_query(pressed.id, text="ok", show_alert=True)
        await bot.delete_message(ann.id, sent.message_id)
        events = [await stream.next() for _ in range(6)]
    assert [kind for _, kind, _ in events] == ["message", "chat_action", "message", "edit", "callback_answer", "delete"]
    ids = [int(event_id) for event_id, _, _ in events]
    assert ids == sorted(set(ids))
    assert events[0][2]["message"]["message_id"] == said.message_id
    assert events[1][2]["action"] == "upload_photo"
    assert events[3][2]["message"]["text"] == "done"
    assert events[4][2] == {
        "chat_id": ann.id,
        "id": pressed.id,
        "from_id": ann.id,
        "message_id": sent.message_id,
        "text": "ok",
        "show_alert": True,
        "url": None,
    }
    assert events[5][2] == {"chat_id": ann.id, "message_id": sent.message_id}
    async with Stream(people, ann.id, last_id=events[3][0]) as resumed:
        assert [(await resumed.next())[1] for _ in range(2)] == ["callback_answer", "delete"]


async def test_health_waits_for_whatever_must_be_ready(tmp_path: Path) -> None:
    ready = False
    async with await server.start(tmp_path, ready=lambda: ready) as sandbox, SandboxClient(sandbox.url) as people:
        async with people.http.get("/sandbox/health") as response:
            assert response.status == 503
        ready = True
        await people.wait_until_healthy(5)


async def test_files_that_a_browser_could_run_are_only_offered_for_saving(
    people: SandboxClient, ann: types.User
) -> None:
    page = await people.send_document(ann, b"<script>alert(1)</script>", name="a.html")
    photo = await people.send_photo(ann, picture())
    assert page.document is not None
    async with people.http.get(f"/sandbox/files/{page.document.file_id}?name=a.html") as response:
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert response.headers["Content-Security-Policy"] == "sandbox"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    async with people.http.get(f"/sandbox/files/{(photo.photo or [])[-1].file_id}") as response:
        assert response.headers["Content-Type"] == "image/jpeg"
        assert "Content-Disposition" not in response.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
async def test_other_pages_cannot_act_for_a_user(
    sandbox: RunningSandbox, people: SandboxClient, headers: dict[str, str], status: int
) -> None:
    async with people.http.post("/sandbox/users", json={"first_name": "X"}, headers=headers) as response:
        assert response.status == status


async def test_the_own_page_may_act(sandbox: RunningSandbox, people: SandboxClient) -> None:
    headers = {"Origin": sandbox.url}
    async with people.http.post("/sandbox/users", json={"first_name": "X"}, headers=headers) as response:
        assert response.status == 200


async def test_pages_load_nothing_from_elsewhere(people: SandboxClient) -> None:
    async with people.http.get("/") as response:
        assert response.status == 200
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self';")
    async with people.http.get("/static/../server.py") as response:
        assert response.status == 404


async def test_paths_outside_the_store_are_not_served(people: SandboxClient) -> None:
    token = "42:" + "A" * 35
    for path in ("%2e%2e/sandbox.sqlite3", "photos/nothing.jpg"):
        async with people.http.get(f"/file/bot{token}/{path}") as response:
            assert response.status == 404


async def test_a_sticker_id_or_wrong_chat_action_is_refused(bot: Bot, ann: types.User) -> None:
    with pytest.raises(TelegramBadRequest, match="wrong parameter action"):
        await bot.send_chat_action(ann.id, "painting")
