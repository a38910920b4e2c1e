"""The control room: the panel and its screens, edited in place, and maintenance."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot import clock
from bot.sandbox.client import labels
from tests.handlers.admin_stage import IN_BOTH_LANGUAGES, ControlRoom, bot_of, control_room, stage_with_admin
from tests.puppet import PuppetPool


@pytest.fixture
async def room(tmp_path: Path, pool: PuppetPool, language: str) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path, pool, language) as room:
        yield room


@IN_BOTH_LANGUAGES
async def test_the_panel_shows_its_screens_in_one_message(room: ControlRoom, pool: PuppetPool) -> None:
    def home(running: int) -> str:
        facts = {"wait": room.words("admin-nothing-waits"), "maintenance": room.words("admin-off")}
        return room.words("admin-panel", queued=0, running=running, **facts)

    panel = await room.ask("/admin")
    assert home(0) in (panel.text or "")
    await room.sandbox.say(room.ann, "a secret garden")
    await pool.next()
    for button, says in (
        ("admin-button-jobs", room.words("admin-jobs", count=1)),
        ("admin-button-refresh", "· Ann"),
        ("admin-button-back", home(1)),
        ("admin-button-engines", room.words("admin-engines", count=1)),
        ("admin-button-back", home(1)),
        ("admin-button-audit", room.words("admin-audit-empty")),
        ("admin-button-back", room.words("admin-panel-commands")),
    ):
        await room.presses(panel, button)
        shown = await room.hears(room.admin, says)
        assert shown.message_id == panel.message_id
        assert "secret" not in (shown.text or "")
        panel = shown
    await room.presses(panel, "admin-button-close")
    await room.sandbox.wait_until_gone(panel)


@IN_BOTH_LANGUAGES
async def test_an_admin_cancels_anybodys_job_with_a_refund(room: ControlRoom, pool: PuppetPool) -> None:
    await room.sandbox.say(room.ann, "one")
    painting = await pool.next()
    await room.hears(room.ann, "Preparing the canvas")
    waiting = await room.sandbox.say(room.ann, "two")
    await room.hears(room.ann, "Next in line", after=waiting)
    jobs = await room.ask("/jobs")
    assert room.words("admin-jobs", count=2) in (jobs.text or "")
    assert await room.presses(jobs, "admin-button-cancel-job", id="1") == room.label("toast-cancelled")
    await room.hears(room.ann, "Cancelled. 7 credits are back")
    assert painting.cancelled
    (await pool.next()).finish()
    await room.sandbox.wait_for(room.ann, lambda m: m.photo)
    assert await room.presses(jobs, "admin-button-cancel-job", id="1") == room.label("admin-job-gone")
    assert "cancel Ann" in ((await room.ask("/audit")).text or "")


@IN_BOTH_LANGUAGES
async def test_a_long_line_has_pages_and_a_cancel_button_for_each_job(room: ControlRoom, pool: PuppetPool) -> None:
    for number in range(1, 10):
        asked = await room.sandbox.say(room.ann, f"picture {number}")
        await room.sandbox.wait_for(room.ann, lambda m: m.text, after=asked)
    await pool.next()
    first = await room.ask("/jobs")
    assert room.words("admin-jobs-page", page=1, pages=2) in (first.text or "")
    assert [one for one in labels(first) if "#" in one] == [
        room.label("admin-button-cancel-job", id=str(number)) for number in range(1, 9)
    ]
    await room.presses(first, "admin-button-later")
    second = await room.hears(room.admin, room.words("admin-jobs-page", page=2, pages=2), after=first.message_id - 1)
    assert [one for one in labels(second) if "#" in one] == [room.label("admin-button-cancel-job", id="9")]
    await room.presses(second, "admin-button-cancel-job", id="9")
    left = await room.hears(room.admin, room.words("admin-jobs", count=8))
    assert left.message_id == first.message_id
    assert room.label("admin-button-earlier") not in labels(left)


@IN_BOTH_LANGUAGES
async def test_maintenance_drains_tells_and_survives_a_restart(tmp_path: Path, language: str) -> None:
    async with stage_with_admin(tmp_path, language) as room:
        pool = PuppetPool()
        async with bot_of(room, pool):
            await room.sandbox.say(room.ann, "one")
            painting = await pool.next()
            switched = await room.ask("/maintenance on a new card <b>until noon</b>")
            assert switched.text == room.words("admin-maintenance-on")
            asked = await room.sandbox.say(room.ann, "two")
            refused = await room.hears(room.ann, "a new card <b>until noon</b>", after=asked)
            assert "I tell you when it is over" in (refused.text or "")
            hello = await room.greets(room.ann)
            pressed = await room.sandbox.press(room.ann, hello, labels(hello)[0])
            assert "being looked after" in ((await room.sandbox.wait_for_answer(pressed)).text or "")
            assert pool.started.empty()
            painting.finish()
            await room.sandbox.wait_for(room.ann, lambda m: m.photo)
            drained = await room.hears(room.admin, room.words("maintenance-drained"))
        async with bot_of(room, pool):
            asked = await room.sandbox.say(room.ann, "three")
            await room.hears(room.ann, "until noon", after=asked)
            panel = await room.ask("/admin")
            await room.presses(panel, "admin-button-maintenance-off")
            await room.hears(room.admin, room.words("admin-maintenance-off"), after=panel)
            await room.hears(room.ann, "I am back", after=asked)
            await room.sandbox.say(room.ann, "four")
            assert (await pool.next()).task.prompt == "four"
            told = [m for m in await room.sandbox.messages(room.ann) if m.text and m.text.startswith("I am back")]
            assert len(told) == 1
            everything = await room.sandbox.messages(room.admin)
            assert [m.message_id for m in everything if m.text == drained.text] == [drained.message_id]


async def test_a_wish_that_is_handled_again_during_maintenance_is_its_job(room: ControlRoom, pool: PuppetPool) -> None:
    hello = await room.greets(room.ann)
    await room.sandbox.press(room.ann, hello, labels(hello)[0])
    await pool.next()
    await room.ask("/maintenance on")
    again = await room.sandbox.press(room.ann, hello, labels(hello)[0])
    assert (await room.sandbox.wait_for_answer(again)).text == "Already in line"


@IN_BOTH_LANGUAGES
async def test_statistics_come_as_a_chart_with_words(room: ControlRoom, pool: PuppetPool) -> None:
    assert room.words("admin-stats-empty") in ((await room.ask("/stats week")).text or "")
    assert (await room.ask("/stats decade")).text == room.words("admin-stats-usage")
    await room.sandbox.say(room.ann, "a secret garden")
    (await pool.next()).finish()
    await room.sandbox.wait_for(room.ann, lambda m: m.photo)
    asked = await room.sandbox.say(room.admin, "/stats")
    chart = await room.sandbox.wait_for(room.admin, lambda m: m.photo, after=asked)
    assert chart.photo is not None
    assert (chart.photo[-1].width, chart.photo[-1].height) == (1280, 960)
    for words in (
        room.words("admin-stats-day"),
        room.words("admin-stats-jobs", done=1, failed=0, cancelled=0),
        room.words("admin-stats-users", users=1),
        "1. Ann",
    ):
        assert words in (chart.caption or "")
    assert "secret" not in (chart.caption or "")


async def test_an_admin_reads_times_by_the_own_clock(room: ControlRoom) -> None:
    def minute(moment: datetime) -> str:
        return f"{moment:%Y-%m-%d %H:%M}"

    zone = await room.ask("/timezone")
    await room.sandbox.press(room.admin, zone, f"zone|840|{room.admin.id}")
    await room.hears(room.admin, "UTC+14")
    began = clock.utc_now()
    await room.ask(f"/user {room.admin.id}")
    told = (await room.ask("/audit")).text or ""
    ahead = timedelta(hours=14)
    assert minute(began + ahead) in told or minute(clock.utc_now() + ahead) in told
    assert minute(began) not in told
