"""The pool on fake devices: joining, leaving, cancelling, failing, closing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines import errors, pool, tasks
from tests.engines import fakes


@asynccontextmanager
async def opened(*stations: fakes.FakeStation, tasks_per_device: int = 4) -> AsyncIterator[pool.Pool]:
    devices = [station.device for station in stations]
    catalog = fakes.FakeCatalog({s.device.name: s for s in stations}, tasks_per_device)
    running = pool.Pool(devices, catalog)
    await running.start()
    try:
        yield running
    finally:
        for station in stations:
            if station.gate is not None:
                station.allow(1000)
        await asyncio.wait_for(running.close(), fakes.WAIT_S)


def station(name: str = "fake:0", **settings: object) -> fakes.FakeStation:
    return fakes.FakeStation(fakes.FakeDevice(name), **settings)


async def test_pictures_come_in_order_with_the_device_time_they_took() -> None:
    async with opened(station()) as running:
        result = await running.run(fakes.paint(5, count=3))
    assert [picture.png for picture in result.pictures] == [b"5/0", b"5/1", b"5/2"]
    assert result.gpu_ms >= 0


async def test_progress_tells_every_step_once_and_in_order() -> None:
    watch = fakes.Watch()
    loop_thread = threading.get_ident()
    threads: set[int] = set()

    def heard(progress: tasks.Progress) -> None:
        threads.add(threading.get_ident())
        watch(progress)

    async with opened(station()) as running:
        await running.run(fakes.paint(1, steps=3), on_progress=heard)
    assert threads == {loop_thread}
    assert [(p.stage, p.step, p.steps) for p in watch.told] == [
        (tasks.Stage.ENCODING, 0, 3),
        (tasks.Stage.LOADING, 0, 3),
        (tasks.Stage.SAMPLING, 1, 3),
        (tasks.Stage.SAMPLING, 2, 3),
        (tasks.Stage.DECODING, 3, 3),
    ]


async def test_a_task_joins_a_running_batch_at_its_next_step_and_leaves_it_when_done() -> None:
    device = station().gated()
    async with opened(device) as running:
        watch = fakes.Watch()
        long = asyncio.create_task(running.run(fakes.paint(1, steps=5), on_progress=watch))
        device.allow(1)
        await watch.reached(1)
        short = asyncio.create_task(running.run(fakes.paint(2, steps=2)))
        await asyncio.sleep(0)
        device.allow(4)
        await asyncio.gather(long, short)
    assert device.batches.count([1, 2]) == 2
    assert device.batches.count([1]) == 3
    assert device.finished == [2, 1]


async def test_tasks_of_other_lanes_wait_for_the_oldest_task() -> None:
    device = station().gated()
    async with opened(device) as running:
        first = asyncio.create_task(running.run(fakes.paint(1)))
        second = asyncio.create_task(running.run(fakes.paint(2, aspect_ratio="3:2")))
        third = asyncio.create_task(running.run(fakes.paint(3, aspect_ratio="3:2")))
        await asyncio.sleep(0)
        device.allow(1000)
        await asyncio.gather(first, second, third)
    assert device.batches == [[1], [1], [2, 3], [2, 3]]


async def test_a_batch_is_never_larger_than_the_engine_wants() -> None:
    device = station(cap=2)
    async with opened(device) as running:
        await running.run(fakes.paint(1, count=4, steps=2))
    assert device.batches == [[1, 1]] * 4


async def test_a_cancelled_task_stops_at_the_next_step_and_strangers_go_on() -> None:
    device = station().gated()
    async with opened(device) as running:
        watch = fakes.Watch()
        cancelled = asyncio.create_task(running.run(fakes.paint(1, steps=50), on_progress=watch))
        device.allow(2)
        await watch.reached(2)
        other = asyncio.create_task(running.run(fakes.paint(2, steps=3)))
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        told = len(watch.told)
        device.allow(1000)
        result = await other
    assert [picture.png for picture in result.pictures] == [b"2/0"]
    assert sum(1 in batch for batch in device.batches) <= 3  # two allowed, and the one it was in
    assert len(watch.told) == told


async def test_a_task_cancelled_while_it_waits_never_runs() -> None:
    device = station().gated()
    async with opened(device, tasks_per_device=1) as running:
        watch = fakes.Watch()
        first = asyncio.create_task(running.run(fakes.paint(1), on_progress=watch))
        device.allow(1)
        await watch.reached(1)
        waiting = asyncio.create_task(running.run(fakes.paint(2)))
        await asyncio.sleep(0)
        assert running.state().devices[0].waiting == 1
        waiting.cancel()
        await asyncio.wait([waiting])
        device.allow(1000)
        await first
        await running.run(fakes.paint(3))
    assert all(2 not in batch for batch in device.batches)


async def test_running_out_of_memory_splits_the_batch_and_remembers_it() -> None:
    device = station(fits=2)
    async with opened(device) as running:
        result = await running.run(fakes.paint(1, count=4, steps=3))
    assert len(result.pictures) == 4
    assert {len(batch) for batch in device.batches} == {2}
    assert len(device.batches) == 6
    assert device.device.caches_freed == 1  # later steps begin with the batch that fitted
    assert device.released == 0


async def test_the_last_resort_is_to_let_go_of_other_components() -> None:
    device = station(fits=0, on_release=lambda one: setattr(one, "fits", 1))
    async with opened(device) as running:
        await running.run(fakes.paint(1))
    assert device.released == 1
    assert device.batches == [[1], [1]]


async def test_what_fits_in_no_way_fails_as_out_of_memory_and_the_next_task_runs() -> None:
    device = station(fits=0)
    async with opened(device) as running:
        with pytest.raises(errors.OutOfMemory) as caught:
            await running.run(fakes.paint(1))
        assert caught.value.retryable
        device.fits = 4
        await running.run(fakes.paint(2))
    assert device.batches == [[2], [2]]


async def test_a_failing_task_does_not_take_its_batch_with_it() -> None:
    device = station(poison={2}).gated()
    async with opened(device) as running:
        runs = [asyncio.create_task(running.run(fakes.paint(number))) for number in (1, 2, 3)]
        await asyncio.sleep(0)
        device.allow(1000)
        outcomes = await asyncio.gather(*runs, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [tasks.Result, errors.EngineFailed, tasks.Result]


async def test_a_task_whose_weights_are_broken_fails_alone_and_says_why() -> None:
    device = station(unusable={1}).gated()
    async with opened(device) as running:
        broken = asyncio.create_task(running.run(fakes.paint(1)))
        neighbour = asyncio.create_task(running.run(fakes.paint(2, aspect_ratio="3:2")))
        await asyncio.sleep(0)
        device.allow(1000)
        outcomes = await asyncio.gather(broken, neighbour, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [errors.CheckpointInvalid, tasks.Result]


async def test_an_engine_that_cannot_count_the_steps_of_a_task_fails_it_alone() -> None:
    device = station().gated()
    async with opened(device) as running:
        watch = fakes.Watch()
        neighbour = asyncio.create_task(running.run(fakes.paint(1, steps=4), on_progress=watch))
        device.allow(1)
        await watch.reached(1)
        broken = asyncio.create_task(running.run(fakes.paint(2, prompt="uncountable")))
        await asyncio.sleep(0)
        device.allow(1000)
        outcomes = await asyncio.gather(broken, neighbour, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [errors.EngineFailed, tasks.Result]


@pytest.mark.parametrize(
    ("changes", "error"), [({"refine": True}, errors.InvalidTask), ({"prompt": "unreadable"}, errors.EngineFailed)]
)
async def test_a_task_that_cannot_be_prepared_fails_alone(
    changes: dict[str, object], error: type[errors.EngineError]
) -> None:
    async with opened(station()) as running:
        with pytest.raises(error):
            await running.run(fakes.paint(1, **changes))
        await running.run(fakes.paint(2))


async def test_tasks_spread_over_devices_by_what_each_still_owes() -> None:
    stations = [station(f"fake:{i}").gated() for i in range(3)]
    async with opened(*stations) as running:
        assert running.capacity == 12
        runs = [asyncio.create_task(running.run(fakes.paint(n, count=c))) for n, c in enumerate((4, 1, 1, 1, 1, 1))]
        await asyncio.sleep(0)
        for one in stations:
            one.allow(1000)
        await asyncio.gather(*runs)
    owed = sorted(len(one.finished) for one in stations)
    assert owed == [2, 3, 4]


async def test_closing_fails_what_is_not_finished_and_ends_the_threads() -> None:
    device = station().gated()
    before = set(threading.enumerate())
    async with opened(device, tasks_per_device=1) as running:
        watch = fakes.Watch()
        first = asyncio.create_task(running.run(fakes.paint(1, steps=50), on_progress=watch))
        device.allow(1)
        await watch.reached(1)
        waiting = asyncio.create_task(running.run(fakes.paint(2)))
        await asyncio.sleep(0)
        closing = asyncio.create_task(running.close())
        await asyncio.sleep(0)
        device.allow(2)
        outcomes = await asyncio.wait_for(asyncio.gather(first, waiting, return_exceptions=True), fakes.WAIT_S)
        assert [type(outcome) for outcome in outcomes] == [errors.PoolClosed, errors.PoolClosed]
        await asyncio.wait_for(closing, fakes.WAIT_S)
        with pytest.raises(errors.PoolClosed):
            await running.run(fakes.paint(3))
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("pool ")]
    assert len(device.batches) <= 3


async def test_a_device_that_cannot_be_opened_stops_the_start() -> None:
    good, missing = fakes.FakeDevice("fake:0"), fakes.FakeDevice("fake:1")
    reason = errors.CheckpointMissing("kandinsky3.pt is not there")
    catalog = fakes.FakeCatalog({"fake:0": fakes.FakeStation(good), "fake:1": reason})
    running = pool.Pool([good, missing], catalog)
    with pytest.raises(errors.CheckpointMissing):
        await running.start()
    with pytest.raises(errors.PoolClosed):
        await running.run(fakes.paint(1))


async def test_the_state_shows_devices_and_what_they_hold() -> None:
    device = station()
    async with opened(device) as running:
        await running.run(fakes.paint(1))
        await running.run(fakes.paint(2))
        (shown,) = running.state().devices
    assert (shown.name, shown.budget_bytes) == ("fake:0", 100)
    assert [resident.name for resident in shown.residents] == ["u-net"]


async def test_a_device_without_work_loads_ahead_until_nothing_is_left() -> None:
    device = station(to_warm=3)
    async with opened(device) as running:
        assert await asyncio.to_thread(device.warmed.wait, fakes.WAIT_S)
        assert device.to_warm == 0
        await running.run(fakes.paint(1))


async def test_a_component_that_cannot_be_loaded_ahead_stops_nothing() -> None:
    class Broken(fakes.FakeStation):
        def warm(self) -> bool:
            raise errors.CheckpointInvalid("kandinsky3.safetensors does not fit")

    device = Broken(fakes.FakeDevice())
    async with opened(device) as running:
        result = await running.run(fakes.paint(1))
    assert len(result.pictures) == 1


ORDERS = st.lists(
    st.tuples(
        st.integers(1, 4),  # steps
        st.integers(1, 3),  # pictures
        st.sampled_from(["1:1", "3:2"]),
        st.booleans(),  # cancelled by its owner
        st.booleans(),  # fails in the engine
    ),
    min_size=1,
    max_size=10,
)


@settings(max_examples=30)
@given(ORDERS, st.integers(1, 4), st.integers(1, 3))
def test_every_task_ends_once_as_it_should_whatever_comes_together(
    orders: list[tuple[int, int, str, bool, bool]], fits: int, in_flight: int
) -> None:
    device = station(fits=fits, cap=3, poison={n for n, order in enumerate(orders) if order[4]})

    async def serve() -> list[tasks.Result | BaseException]:
        async with opened(device, tasks_per_device=in_flight) as running:
            runs = []
            for number, (steps, count, ratio, cancelled, _) in enumerate(orders):
                asked = fakes.paint(number, steps=max(steps, 2), count=count, aspect_ratio=ratio)
                runs.append(asyncio.create_task(running.run(asked)))
                await asyncio.sleep(0)
                if cancelled:
                    runs[-1].cancel()
            return await asyncio.wait_for(asyncio.gather(*runs, return_exceptions=True), fakes.WAIT_S)

    outcomes = asyncio.run(serve())
    for number, (outcome, (_, count, _, cancelled, poisoned)) in enumerate(zip(outcomes, orders, strict=True)):
        if cancelled:
            assert isinstance(outcome, asyncio.CancelledError)
        elif poisoned:
            assert isinstance(outcome, errors.EngineFailed)
        else:
            assert isinstance(outcome, tasks.Result)
            assert [p.png.decode() for p in outcome.pictures] == [f"{number}/{i}" for i in range(count)]
    assert all(len(batch) <= min(fits, 3) for batch in device.batches)
