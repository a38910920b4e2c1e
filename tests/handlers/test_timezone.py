"""/timezone: whoever tells their clock sees dates by it, and gets new credits at its midnight."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import zones
from bot.sandbox.client import buttons, labels
from bot.texts import Texts
from tests.puppet import PuppetPool
from tests.studio import Stage, stage

TEXTS = Texts()


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_a_press_on_the_own_time_moves_the_beginning_of_the_day(scene: Stage, language: str) -> None:
    t, user = TEXTS.translator(language), scene.ann if language == "en" else await scene.boris()
    asked = await scene.sandbox.say(user, "/quota")
    quota = await scene.sandbox.wait_for(user, lambda m: "00:00 UTC." in (m.text or ""), after=asked)
    await scene.sandbox.press(user, quota, t.plain("button-zone", zone="UTC"))
    between = t.plain("button-zones-between")
    question = await scene.sandbox.wait_for(user, lambda m: between in labels(m), after=asked)
    assert question.message_id == quota.message_id
    assert [one for one in labels(question) if "✓" in one and "(UTC)" in one]

    pressed = await scene.sandbox.press(user, question, "(+3)")
    assert (await scene.sandbox.wait_for_answer(pressed)).text == t.plain("toast-saved")
    changed = await scene.sandbox.wait_for(user, lambda m: "UTC+3" in (m.text or ""), after=asked)
    assert [one for one in labels(changed) if "✓" in one and "(+3)" in one]

    asked = await scene.sandbox.say(user, "/quota")
    await scene.sandbox.wait_for(user, lambda m: "00:00 UTC+3." in (m.text or ""), after=asked)


async def test_clocks_between_the_hours_are_one_press_away(scene: Stage) -> None:
    asked = await scene.sandbox.say(scene.ann, "/timezone")
    whole = await scene.sandbox.wait_for(scene.ann, lambda m: "What time is it" in (m.text or ""), after=asked)
    assert len([one for one in buttons(whole) if (one.callback_data or "").startswith("zone|")]) == 27
    await scene.sandbox.press(scene.ann, whole, "Half and quarter hours")
    between = await scene.sandbox.wait_for(scene.ann, lambda m: "Whole hours…" in labels(m), after=asked)
    await scene.sandbox.press(scene.ann, between, "(+5:45)")
    await scene.sandbox.wait_for(scene.ann, lambda m: "UTC+5:45" in (m.text or ""), after=asked)
    asked = await scene.sandbox.say(scene.ann, "/timezone")
    again = await scene.sandbox.wait_for(scene.ann, lambda m: "UTC+5:45" in (m.text or ""), after=asked)
    assert [one for one in labels(again) if "✓" in one and "(+5:45)" in one]


async def test_until_then_the_clock_of_the_settings_holds(tmp_path: Path) -> None:
    async with stage(tmp_path, PuppetPool(), messages__default_utc_offset_min=-300) as scene:
        asked = await scene.sandbox.say(scene.ann, "/quota")
        quota = await scene.sandbox.wait_for(scene.ann, lambda m: "00:00 UTC-5." in (m.text or ""), after=asked)
        assert "🕒 UTC-5" in labels(quota)


@pytest.mark.parametrize("data", ["zone|7|{me}", "zone|100000|{me}", "zone|60|1", "zones|1|1", "menu|zone|1"])
async def test_forged_zones_change_nothing(scene: Stage, data: str) -> None:
    asked = await scene.sandbox.say(scene.ann, "/timezone")
    shown = await scene.sandbox.wait_for(scene.ann, lambda m: "What time is it" in (m.text or ""), after=asked)
    pressed = await scene.sandbox.press(scene.ann, shown, data.format(me=scene.ann.id))
    assert (await scene.sandbox.wait_for_answer(pressed)).show_alert
    asked = await scene.sandbox.say(scene.ann, "/quota")
    await scene.sandbox.wait_for(scene.ann, lambda m: "00:00 UTC." in (m.text or ""), after=asked)


def test_every_zone_is_one_that_the_database_takes() -> None:
    assert all(-720 <= offset_min <= 840 for offset_min in zones.OFFSETS_MIN)
    assert len(zones.OFFSETS_MIN) == len(zones.WHOLE_HOURS_MIN) + len(zones.BETWEEN_HOURS_MIN)
