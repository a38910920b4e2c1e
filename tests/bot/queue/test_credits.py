"""Credits by the user's own day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.queue import errors, ledger
from bot.queue.jobs import Limits
from bot.queue.sql_queue import SqlJobQueue
from tests.bot.queue.queue_world import World

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
OFFSETS_MIN = st.integers(-720, 840)


@given(MOMENTS, OFFSETS_MIN)
def test_the_next_day_is_the_first_moment_of_another_date(now: datetime, utc_offset_min: int) -> None:
    reset = ledger.next_day(now, utc_offset_min)
    assert now < reset <= now + timedelta(days=1)
    today = ledger.day_of(now, utc_offset_min)
    assert ledger.day_of(reset, utc_offset_min) == today + timedelta(days=1)
    assert ledger.day_of(reset - timedelta(microseconds=1), utc_offset_min) == today


async def test_what_the_day_does_not_cover_is_refused_with_the_numbers(world: World) -> None:
    ann = await world.user(1)
    await world.submit(ann, credits=695)
    with pytest.raises(errors.NotEnoughCredits) as refused:
        await world.submit(ann, credits=6)
    assert (refused.value.needed, refused.value.left) == (6, 5)
    assert refused.value.resets_at == datetime(2026, 3, 2, tzinfo=UTC)
    await world.submit(ann, credits=5)
    assert (await world.queue.credits(ann)).left == 0


async def test_the_budget_returns_at_the_users_own_midnight(world: World) -> None:
    moscow, lisbon = await world.user(1, utc_offset_min=180), await world.user(2)
    for user in (moscow, lisbon):
        await world.submit(user, credits=700)
    world.clock.advance(9 * 3600 - 1)  # 20:59:59 UTC, one second before midnight in Moscow
    assert (await world.queue.credits(moscow)).left == 0
    world.clock.advance(1)
    assert (await world.queue.credits(moscow)).left == 700
    assert (await world.queue.credits(lisbon)).left == 0


async def test_who_has_not_chosen_a_clock_goes_by_that_of_the_settings(world: World) -> None:
    ann = await world.user(1)
    moscow = SqlJobQueue(world.database, Limits(utc_offset_min=180), world.clock)
    assert (await moscow.credits(ann)).resets_at == datetime(2026, 3, 2, tzinfo=UTC), "UTC is a choice, too"
    await world.users.set_utc_offset(ann, None)
    assert (await moscow.credits(ann)).resets_at == datetime(2026, 3, 1, 21, tzinfo=UTC)


async def test_no_date_has_a_second_budget_in_another_time_zone(world: World) -> None:
    ann = await world.user(1)
    spent = 0
    for offset_min in (0, 840, -720, 0, 840):  # the first of March, the second, and back
        await world.users.set_utc_offset(ann, offset_min)
        left = (await world.queue.credits(ann)).left
        if left:
            await world.submit(ann, credits=left)
        spent += left
    assert spent == 2 * 700
    await world.users.set_utc_offset(ann, 0)
    world.clock.advance(24 * 3600)
    assert (await world.queue.credits(ann)).left == 0, "the second of March was spent in advance"
    world.clock.advance(24 * 3600)
    assert (await world.queue.credits(ann)).left == 700


async def test_yesterdays_refund_does_not_enlarge_today(world: World) -> None:
    ann = await world.user(1)
    job_id = await world.submit(ann, credits=300)
    world.clock.advance(24 * 3600)
    await world.queue.cancel(job_id, ann)
    assert (await world.queue.credits(ann)).left == 700


async def test_a_user_may_have_a_daily_amount_of_their_own(world: World) -> None:
    ann = await world.user(1)
    await world.users.set_daily_credits(ann, 10)
    await world.submit(ann, credits=10)
    with pytest.raises(errors.NotEnoughCredits):
        await world.submit(ann, credits=1)
    await world.users.set_daily_credits(ann, 5)
    assert (await world.queue.credits(ann)).left == -5


async def test_a_free_job_leaves_no_trace_in_the_ledger(world: World) -> None:
    ann = await world.user(1)
    job_id = await world.submit(ann, credits=0)
    await world.queue.cancel(job_id, ann)
    assert (await world.queue.credits(ann)).left == 700


async def test_a_grant_counts_today_and_not_tomorrow(world: World) -> None:
    ann = await world.user(1)
    assert (await world.queue.grant(ann, 50, "for patience")).left == 750
    assert (await world.queue.grant(ann, -800, "enough")).left == -50
    with pytest.raises(errors.NotEnoughCredits):
        await world.submit(ann, credits=1)
    world.clock.advance(12 * 3600)
    assert (await world.queue.credits(ann)).left == 700


async def test_a_grant_that_is_asked_for_twice_is_given_once(world: World) -> None:
    ann, boris = await world.user(1), await world.user(2)
    for _ in range(2):
        assert (await world.queue.grant(ann, 50, "for patience", key="update-7")).left == 750
    assert (await world.queue.grant(boris, 50, "for patience", key="update-7")).left == 750
    assert (await world.queue.grant(ann, 50, "more", key="update-8")).left == 800
    for _ in range(2):
        credits = await world.queue.grant(ann, 1, "without a key")
    assert credits.left == 802


async def test_a_grant_of_nothing_or_to_nobody_is_refused(world: World) -> None:
    ann = await world.user(1)
    with pytest.raises(ValueError, match="nothing"):
        await world.queue.grant(ann, 0, "")
    with pytest.raises(errors.NotFound):
        await world.queue.grant(404, 5, "")
