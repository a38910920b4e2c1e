"""Updates are stored once, forgotten in content once handled, and replayed after a crash."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.database.engine import Database
from bot.database.inbox import REPLAY_LIMIT, Inbox
from bot.database.models import InboxUpdate
from tests.bot.queue.queue_world import FakeClock


async def test_only_new_updates_are_returned_in_their_order(database: Database, clock: FakeClock) -> None:
    inbox = Inbox(database, clock)
    assert await inbox.receive([(3, "c"), (1, "a")]) == [3, 1]
    assert await inbox.receive([(1, "a"), (2, "b"), (3, "c"), (2, "again")]) == [2]
    assert await inbox.receive([]) == []
    assert await inbox.unhandled() == [(1, "a"), (2, "b"), (3, "c")]


async def test_a_handled_update_keeps_its_id_and_loses_its_text(database: Database, clock: FakeClock) -> None:
    inbox = Inbox(database, clock)
    await inbox.receive([(1, "secret"), (2, "b")])
    await inbox.handled(1)
    await inbox.handled(1)
    assert await inbox.unhandled() == [(2, "b")]
    assert await inbox.receive([(1, "secret")]) == []
    async with database.read() as session:
        assert (await session.execute(select(InboxUpdate.payload).order_by(InboxUpdate.update_id))).all() == [
            (None,),
            ("b",),
        ]


async def test_an_update_that_kills_every_start_is_given_up(database: Database, clock: FakeClock) -> None:
    inbox = Inbox(database, clock)
    await inbox.receive([(1, "poison")])
    for _ in range(REPLAY_LIMIT):
        assert await inbox.unhandled() == [(1, "poison")]
    assert await inbox.unhandled() == []
    assert await inbox.receive([(1, "poison")]) == []


async def test_old_handled_updates_are_forgotten_and_waiting_ones_never(database: Database, clock: FakeClock) -> None:
    inbox = Inbox(database, clock)
    await inbox.receive([(1, "a"), (2, "b"), (3, "c")])
    await inbox.handled(1)
    clock.advance(3600)
    await inbox.handled(2)
    assert await inbox.prune(timedelta(minutes=30)) == 1
    assert await inbox.unhandled() == [(3, "c")]
    assert await inbox.receive([(2, "b")]) == []
