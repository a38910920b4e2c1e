"""A broadcast whose process is killed on the way goes on, and nobody gets it twice."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from aiogram import types

from tests.crash.lives import PATIENCE_S, life
from tests.crash.worker import Orders
from tests.handlers.admin_stage import ADMIN_ID, ControlRoom, stage_with_admin

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PEOPLE: Final = 9
KILL_AT: Final = (2, 5)  # each process dies while it writes to this one of the recipients
WORDS: Final = "The studio moves tonight"


async def test_a_broadcast_survives_kills_and_doubles_nobody(tmp_path: Path) -> None:
    async with stage_with_admin(tmp_path) as room:
        people = [await room.sandbox.create_user(f"Painter {number}") for number in range(PEOPLE)]
        orders = Orders(room.scene.url, tmp_path / "bot", settings={"telegram__admins": (ADMIN_ID,)})
        async with life(orders) as first:
            await first.polls()
            for one in people:
                await room.greets(one)
            await room.sandbox.fault("delay", method="copyMessage", delay_s=0.3, after=True)
            said = await room.sandbox.say(room.admin, f"/broadcast {WORDS}")
            asked = await room.sandbox.wait_for(room.admin, lambda m: "Send it?" in (m.text or ""), after=said)
            await room.sandbox.press(room.admin, asked, f"Send to {PEOPLE}")
            await room.hears(people[KILL_AT[0]], WORDS)
            await first.killed()
        async with life(orders) as second:
            await second.polls()
            await room.hears(people[KILL_AT[1]], WORDS)
            await second.killed()
        async with life(orders) as third:
            await third.polls()
            report = await room.sandbox.wait_for(room.admin, lambda m: "Arrived" in (m.text or ""), PATIENCE_S)
        got = [await times(room, one) for one in people]
        assert got == [1] * PEOPLE
        counts = {name: int(number) for name, number in re.findall(r"^([A-Z].*?): (\d+)$", report.text or "", re.M)}
        assert counts["Arrived"] + counts["Not sure, because of a restart"] == PEOPLE
        assert counts["Not sure, because of a restart"] == len(KILL_AT)


async def times(room: ControlRoom, user: types.User) -> int:
    """How often somebody got it."""
    return sum(message.text == WORDS for message in await room.sandbox.messages(user))
