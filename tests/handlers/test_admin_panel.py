"""The control room: the panel and its screens, edited in place, and maintenance."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.client import labels
from tests.handlers.admin_stage import ControlRoom, bot_of, control_room, stage_with_admin
from tests.puppet import PuppetPool


@pytest.fixture
async def room(tmp_path: Path, pool: PuppetPool) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path, pool) as room:
        yield room


async def test_the_panel_shows_its_screens_in_one_message(room: ControlRoom, pool: PuppetPool) -> None:
    panel = await room.ask("/admin")
    assert "nobody waits" in (panel.text or "")
    await room.sandbox.say(room.ann, "a secret garden")
    await pool.next()
    for button, says in (
        ("🧾 Jobs", "1 open job"),
        ("🔄 Refresh", "painting · Ann"),
        ("← Back", "painting: 1"),
        ("🖥 Engines", "3.0 of 12.0 GiB"),
        ("← Back", "Maintenance: off"),
        ("🗒 Audit", "No admin has done anything yet."),
        ("← Back", "Control room"),
    ):
        await room.sandbox.press(room.admin, panel, button)
        shown = await room.hears(room.admin, says)
        assert shown.message_id == panel.message_id
        assert "secret" not in (shown.text or "")
        panel = shown
    await room.sandbox.press(room.admin, panel, "Close")
    await room.sandbox.wait_until_gone(panel)


async def test_an_admin_cancels_anybodys_job_with_a_refund(room: ControlRoom, pool: PuppetPool) -> None:
    await room.sandbox.say(room.ann, "one")
    painting = await pool.next()
    await room.hears(room.ann, "Preparing the canvas")
    waiting = await room.sandbox.say(room.ann, "two")
    await room.hears(room.ann, "Next in line", after=waiting)
    jobs = await room.ask("/jobs")
    assert "2 open jobs" in (jobs.text or "")
    assert "1st in line · Ann" in (jobs.text or "")
    await room.sandbox.press(room.admin, jobs, "Cancel #1")
    await room.hears(room.ann, "Cancelled. 7 credits are back")
    assert painting.cancelled
    (await pool.next()).finish()
    await room.sandbox.wait_for(room.ann, lambda m: m.photo)
    again = await room.sandbox.press(room.admin, jobs, "Cancel #1")
    assert (await room.sandbox.wait_for_answer(again)).text == "That job is over."
    assert "cancel Ann" in ((await room.ask("/audit")).text or "")


async def test_maintenance_drains_tells_and_survives_a_restart(tmp_path: Path) -> None:
    async with stage_with_admin(tmp_path) as room:
        pool = PuppetPool()
        async with bot_of(room, pool):
            await room.sandbox.say(room.ann, "one")
            painting = await pool.next()
            assert "Maintenance is on" in ((await room.ask("/maintenance on a new card <b>until noon</b>")).text or "")
            asked = await room.sandbox.say(room.ann, "two")
            refused = await room.hears(room.ann, "a new card <b>until noon</b>", after=asked)
            assert "I tell you when it is over" in (refused.text or "")
            hello = await room.greets(room.ann)
            pressed = await room.sandbox.press(room.ann, hello, labels(hello)[0])
            assert "being looked after" in ((await room.sandbox.wait_for_answer(pressed)).text or "")
            assert pool.started.empty()
            painting.finish()
            await room.sandbox.wait_for(room.ann, lambda m: m.photo)
            drained = await room.hears(room.admin, "can be stopped now")
        async with bot_of(room, pool):
            asked = await room.sandbox.say(room.ann, "three")
            await room.hears(room.ann, "until noon", after=asked)
            panel = await room.ask("/admin")
            await room.sandbox.press(room.admin, panel, "✅ Maintenance off")
            await room.hears(room.admin, "Maintenance is off", after=panel)
            await room.hears(room.ann, "I am back", after=asked)
            await room.sandbox.say(room.ann, "four")
            assert (await pool.next()).task.prompt == "four"
            told = [m for m in await room.sandbox.messages(room.ann) if m.text and m.text.startswith("I am back")]
            assert len(told) == 1
            everything = await room.sandbox.messages(room.admin)
            assert [m.message_id for m in everything if "can be stopped" in (m.text or "")] == [drained.message_id]


async def test_a_wish_that_is_handled_again_during_maintenance_is_its_job(room: ControlRoom, pool: PuppetPool) -> None:
    hello = await room.greets(room.ann)
    await room.sandbox.press(room.ann, hello, labels(hello)[0])
    await pool.next()
    await room.ask("/maintenance on")
    again = await room.sandbox.press(room.ann, hello, labels(hello)[0])
    assert (await room.sandbox.wait_for_answer(again)).text == "Already in line"


async def test_statistics_come_as_a_chart_with_words(room: ControlRoom, pool: PuppetPool) -> None:
    assert "Nobody painted" in ((await room.ask("/stats week")).text or "")
    assert "/stats day" in ((await room.ask("/stats decade")).text or "")
    await room.sandbox.say(room.ann, "a secret garden")
    (await pool.next()).finish()
    await room.sandbox.wait_for(room.ann, lambda m: m.photo)
    asked = await room.sandbox.say(room.admin, "/stats")
    chart = await room.sandbox.wait_for(room.admin, lambda m: m.photo, after=asked)
    assert chart.photo is not None
    assert (chart.photo[-1].width, chart.photo[-1].height) == (1280, 960)
    for words in ("1 done, 0 failed, 0 cancelled", "1 person painted", "1. Ann"):
        assert words in (chart.caption or "")
    assert "secret" not in (chart.caption or "")
