"""Admins see and steer people; everybody else finds no door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.client import labels
from tests.handlers.admin_stage import ADMIN_ID, IN_BOTH_LANGUAGES, ControlRoom, control_room
from tests.puppet import PuppetPool

COMMANDS = ("/admin", "/user 900", "/ban 900", "/jobs", "/engines", "/maintenance on", "/broadcast hi", "/audit")


@pytest.fixture
async def room(tmp_path: Path, pool: PuppetPool, language: str) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path, pool, language) as room:
        yield room


async def test_for_everybody_else_an_admins_command_is_an_unknown_word(room: ControlRoom) -> None:
    strange = await room.sandbox.say(room.ann, "/paintmesomething")
    unknown = await room.sandbox.wait_for(room.ann, lambda m: m.text, after=strange)
    for command in COMMANDS:
        asked = await room.sandbox.say(room.ann, command)
        answer = await room.sandbox.wait_for(room.ann, lambda m: m.text, after=asked)
        assert answer.text == unknown.text
    assert (await room.ask("/maintenance")).text.startswith("Maintenance is off.")


async def test_a_strangers_forged_presses_do_nothing(room: ControlRoom) -> None:
    await room.greets(room.admin)
    hello = await room.greets(room.ann)
    for data in (
        "admm|1",
        f"admu|ban|{ADMIN_ID}",
        f"admu|grant|{room.ann.id}",
        "admj|1|0",
        "admp|0",
        "admb|send|1",
        "adm|home",
        "adms|1",
    ):
        answer = await room.sandbox.wait_for_answer(await room.sandbox.press(room.ann, hello, data))
        assert "no longer works" in (answer.text or "")
    assert (await room.ask("/audit")).text == "No admin has done anything yet."
    assert "is off" in ((await room.ask("/maintenance")).text or "")


@IN_BOTH_LANGUAGES
async def test_a_card_shows_use_and_no_prompt(room: ControlRoom, pool: PuppetPool) -> None:
    await room.sandbox.say(room.ann, "a secret garden")
    await pool.next()
    card = await room.ask(f"/user {room.ann.id}")
    for words in ("Ann", "693", "700", room.words("admin-user-open", count=1), "Kandinsky 3", "UTC"):
        assert words in (card.text or "")
    assert "secret" not in (card.text or "")
    keys = ("admin-button-default-quota", "admin-button-ban", "admin-button-refresh")
    assert labels(card) == [room.label("admin-button-grant", credits=70), *(room.label(key) for key in keys)]


async def test_people_are_named_by_id_by_name_and_by_a_reply(room: ControlRoom) -> None:
    clara = await room.sandbox.create_user("Clara", username="Clara_77")
    await room.greets(clara)
    for who in (str(clara.id), "@clara_77", "CLARA_77"):
        assert "Clara" in ((await room.ask(f"/user {who}")).text or "")
    group = await room.sandbox.create_group("Painters", [room.admin, clara])
    theirs = await room.sandbox.say(clara, "good morning", chat=group)
    latest = (await room.sandbox.messages(room.admin))[-1]
    asked = await room.sandbox.say(room.admin, "/user", chat=group, reply_to=theirs)
    await room.hears(room.admin, "Clara", after=latest)
    assert await room.sandbox.messages(group, asked.message_id) == []


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("/user", "Whom do you mean?"),
        ("/user !!", "Whom do you mean?"),
        ("/user @nobody_here", "@nobody_here"),
        ("/ban 987654321", "987654321"),
        ("/quota ANN much", "no amount"),
        ("/quota ANN 999999999", "more than I can count"),
        (f"/ban {ADMIN_ID}", "somebody who runs this bot"),
    ],
)
async def test_what_is_not_clear_is_explained(room: ControlRoom, command: str, says: str) -> None:
    await room.greets(room.admin)
    ann = await room.greets(room.ann)
    assert ann.text
    assert says in ((await room.ask(command.replace("ANN", str(room.ann.id)))).text or "")


@IN_BOTH_LANGUAGES
async def test_quotas_are_set_changed_and_given_back(room: ControlRoom, pool: PuppetPool) -> None:
    await room.greets(room.ann)
    ann, who = room.ann.id, f"Ann ({room.ann.id})"
    for command, says in (
        (f"/quota {ann} 7", room.words("admin-quota-set", who=who, daily=7, left=7)),
        (f"/quota {ann} +50", room.words("admin-quota-granted", who=who, left=57, delta="+50")),
        (f"/quota {ann} -57", room.words("admin-quota-granted", who=who, left=0, delta="-57")),
    ):
        assert (await room.ask(command)).text == says
    refused = await room.sandbox.say(room.ann, "a yellow star")
    await room.hears(room.ann, "credits", after=refused)
    assert pool.started.empty()
    usual = room.words("admin-quota-set", who=who, daily=700, left=693)
    assert (await room.ask(f"/quota {ann} default")).text == usual
    await room.sandbox.say(room.ann, "a yellow star")
    await pool.next()
    audit = (await room.ask("/audit")).text or ""
    assert [word in audit for word in ("quota", "+50", "-57", "default", "Ann")] == [True] * 5


@IN_BOTH_LANGUAGES
async def test_a_ban_stops_everything_in_one_clear_line(room: ControlRoom, pool: PuppetPool) -> None:
    who = f"Ann ({room.ann.id})"
    await room.sandbox.say(room.ann, "one")
    painting = await pool.next()
    waiting = await room.sandbox.say(room.ann, "two")
    await room.hears(room.ann, "Next in line", after=waiting)
    card = await room.ask(f"/user {room.ann.id}")
    assert await room.presses(card, "admin-button-ban") == room.words("admin-banned", who=who, stopped=2)
    lift = room.label("admin-button-unban")
    await room.sandbox.wait_for(room.admin, lambda m: lift in labels(m))
    told = await room.hears(room.ann, "closed your access")
    await room.sandbox.wait_for(room.ann, lambda m: m.text and m.text.startswith("Cancelled"))
    assert painting.cancelled
    await room.sandbox.say(room.ann, "three")
    assert (await room.ask(f"/ban {room.ann.id}")).text == room.words("admin-already-banned", who=who)
    assert pool.started.empty()
    assert not [m for m in await room.sandbox.messages(room.ann, told.message_id) if m.from_user and m.from_user.is_bot]
    assert (await room.ask(f"/unban {room.ann.id}")).text == room.words("admin-unbanned", who=who)
    await room.hears(room.ann, "Welcome back")
    assert "700" in ((await room.ask(f"/quota {room.ann.id}")).text or "")
    await room.sandbox.say(room.ann, "four")
    assert (await pool.next()).task.prompt == "four"


async def test_the_banned_reads_it_in_the_own_language_and_presses_in_vain(room: ControlRoom) -> None:
    boris = await room.scene.boris()
    await room.greets(boris)
    await room.ask(f"/ban {boris.id}")
    told = await room.hears(boris, "закрыл вам доступ")
    answer = await room.sandbox.wait_for_answer(await room.sandbox.press(boris, told, "ex|1"))
    assert not answer.text
