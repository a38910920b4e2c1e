"""The durable list of updates: what is stored here may be acknowledged to Telegram."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select, update

from bot.clock import Clock, utc_now
from bot.database.engine import Database
from bot.database.models import InboxUpdate

# A handler that takes the process down with it would do so at every start: after this many replays the update is
# closed unhandled.
REPLAY_LIMIT: Final = 3


class Inbox:
    """Updates by id. An id is taken once, however often Telegram repeats it."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def receive(self, updates: Sequence[tuple[int, str]]) -> list[int]:
        """Store (update_id, JSON) pairs and return the ids that are new, in the order given."""
        payloads: dict[int, str] = {}
        for update_id, payload in updates:
            payloads.setdefault(update_id, payload)
        if not payloads:
            return []
        async with self._database.write() as session:
            known = set(await session.scalars(select(InboxUpdate.update_id).where(InboxUpdate.update_id.in_(payloads))))
            fresh = [update_id for update_id in payloads if update_id not in known]
            now = self._clock()
            session.add_all(
                InboxUpdate(update_id=update_id, payload=payloads[update_id], received_at=now) for update_id in fresh
            )
        return fresh

    async def handled(self, update_id: int) -> None:
        """Erase the payload of an update and keep its id; a second call changes nothing."""
        async with self._database.write() as session:
            await session.execute(
                update(InboxUpdate)
                .where(InboxUpdate.update_id == update_id, InboxUpdate.handled_at.is_(None))
                .values(payload=None, handled_at=self._clock())
            )

    async def unhandled(self) -> list[tuple[int, str]]:
        """The (update_id, JSON) pairs to handle again at the start, oldest first; each is given REPLAY_LIMIT times."""
        async with self._database.write() as session:
            await session.execute(
                update(InboxUpdate)
                .where(InboxUpdate.handled_at.is_(None), InboxUpdate.replays >= REPLAY_LIMIT)
                .values(payload=None, handled_at=self._clock())
            )
            waiting = list(
                await session.scalars(
                    select(InboxUpdate).where(InboxUpdate.handled_at.is_(None)).order_by(InboxUpdate.update_id)
                )
            )
            for row in waiting:
                row.replays += 1
            return [(row.update_id, row.payload) for row in waiting if row.payload is not None]

    async def prune(self, older_than: timedelta) -> int:
        """Forget handled updates of that age and return how many; Telegram repeats none after 24 hours."""
        async with self._database.write() as session:
            gone = await session.scalars(
                delete(InboxUpdate)
                .where(InboxUpdate.handled_at < self._clock() - older_than)
                .returning(InboxUpdate.update_id)
            )
            return len(gone.all())
