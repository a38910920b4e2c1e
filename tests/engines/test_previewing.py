"""When previews are made, and that they cost what they may cost and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypothesis import given
from hypothesis import strategies as st

from engines import pool, previewing, tasks
from tests.engines import fakes

ALWAYS = previewing.Rate(interval_s=0.0, share=1.0)


@asynccontextmanager
async def opened(station: fakes.FakeStation, rate: previewing.Rate | None = ALWAYS) -> AsyncIterator[pool.Pool]:
    running = pool.Pool([station.device], fakes.FakeCatalog({station.device.name: station}), rate)
    await running.start()
    try:
        yield running
    finally:
        await running.close()


def station(**settings: object) -> fakes.FakeStation:
    return fakes.FakeStation(fakes.FakeDevice(), **settings)


async def test_every_step_but_the_last_can_be_shown_to_whoever_listens() -> None:
    watch = fakes.Watch()
    async with opened(station()) as running:
        await running.run(fakes.paint(5, steps=3), on_progress=watch)
    shown = [(progress.step, progress.preview) for progress in watch.told if progress.step > 0]
    assert shown == [(1, b"preview 5"), (2, b"preview 5"), (3, None)]


async def test_pictures_of_one_task_share_a_preview() -> None:
    one = station()
    async with opened(one) as running:
        await running.run(fakes.paint(5, count=3), on_progress=fakes.Watch())
    assert one.previewed == [[[(5, 1), (5, 1), (5, 1)]]]


async def test_nothing_is_shown_until_every_picture_has_begun() -> None:
    one = station(cap=1)
    async with opened(one) as running:
        await running.run(fakes.paint(5, count=2), on_progress=fakes.Watch())
    assert all(step > 0 for sheets in one.previewed for units in sheets for _, step in units)


async def test_nobody_listens_and_nothing_is_shown() -> None:
    one = station()
    async with opened(one) as running:
        await running.run(fakes.paint(5, steps=5))
    assert one.previewed == []


async def test_a_pool_without_a_rate_shows_nothing() -> None:
    one, watch = station(), fakes.Watch()
    async with opened(one, None) as running:
        await running.run(fakes.paint(5, steps=5), on_progress=watch)
    assert one.previewed == []
    assert {progress.preview for progress in watch.told} == {None}


async def test_a_quick_picture_is_not_shown_before_it_is_there() -> None:
    one = station()
    async with opened(one, previewing.Rate(interval_s=3600.0)) as running:
        await running.run(fakes.paint(5, steps=5), on_progress=fakes.Watch())
    assert one.previewed == []


async def test_a_preview_that_fails_or_has_no_room_harms_nothing() -> None:
    for one in (station(preview_fails=True), station(may_preview=False)):
        watch = fakes.Watch()
        async with opened(one) as running:
            result = await running.run(fakes.paint(5, steps=4), on_progress=watch)
        assert [picture.png for picture in result.pictures] == [b"5/0"]
        assert {progress.preview for progress in watch.told} == {None}
        assert len(one.previewed) == (1 if one.preview_fails else 3)


def test_a_preview_is_not_part_of_what_progress_prints() -> None:
    assert "secret" not in repr(tasks.Progress(tasks.Stage.SAMPLING, 1, 2, b"secret"))


@given(
    rate=st.builds(previewing.Rate, interval_s=st.floats(0, 5), share=st.floats(0.01, 1)),
    steps=st.lists(st.tuples(st.floats(0.001, 1), st.floats(0.001, 2)), min_size=1, max_size=60),
    tasks_at_once=st.integers(1, 4),
)
def test_previews_keep_their_share_and_their_interval(
    rate: previewing.Rate, steps: list[tuple[float, float]], tasks_at_once: int
) -> None:
    """Steps of some length on a device, and previews of some cost after each step where one is due."""
    pace, now_s, spent_s, last_cost_s = previewing.Pace(rate), 0.0, 0.0, 0.0
    shown_s: dict[object, list[float]] = {key: [0.0] for key in range(tasks_at_once)}
    for key in shown_s:
        pace.begin(key, now_s)
    for step_s, cost_s in steps:
        now_s += step_s
        due: list[object] = [key for key in shown_s if pace.is_due(key, now_s)]
        if due:
            began_s, now_s = now_s, now_s + cost_s
            pace.shown(due, began_s, now_s)
            spent_s, last_cost_s = spent_s + cost_s, cost_s
            for key in due:
                assert began_s - shown_s[key][-1] >= rate.interval_s
                shown_s[key].append(now_s)
    assert spent_s - last_cost_s <= rate.share * now_s + 1e-6


def test_a_task_that_ended_or_never_began_is_not_due() -> None:
    pace = previewing.Pace(ALWAYS)
    assert not pace.is_due("a", 10.0)
    pace.begin("a", 0.0)
    assert pace.is_due("a", 10.0)
    pace.end("a")
    pace.end("never")
    assert not pace.is_due("a", 10.0)


def test_after_a_failure_there_is_a_pause() -> None:
    pace = previewing.Pace(ALWAYS)
    pace.begin("a", 0.0)
    pace.failed(1.0)
    assert not pace.is_due("a", 50.0)
    assert pace.is_due("a", 61.0)
