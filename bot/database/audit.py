"""The list of what admins did. Rows are only ever added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot.clock import Clock, utc_now
from bot.database.engine import Database
from bot.database.models import AdminAction


@dataclass(frozen=True, slots=True)
class Act:
    """Something that an admin did. `details` are numbers and codes, never what a user wrote."""

    id: int
    admin_id: int
    action: str
    target_user_id: int | None
    details: str
    at: datetime


class Audit:
    """Who did what to whom, and when."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def record(self, admin_id: int, action: str, target_user_id: int | None = None, details: str = "") -> Act:
        """Add an act of a known user, on a known user or on nobody; anybody unknown is refused by the schema."""
        async with self._database.write() as session:
            row = AdminAction(
                admin_id=admin_id, action=action, target_user_id=target_user_id, details=details, at=self._clock()
            )
            session.add(row)
            await session.flush()
            return _act(row)

    async def latest(self, limit: int = 20) -> list[Act]:
        """The newest acts, newest first."""
        async with self._database.read() as session:
            rows = await session.scalars(select(AdminAction).order_by(AdminAction.id.desc()).limit(limit))
            return [_act(row) for row in rows]


def _act(row: AdminAction) -> Act:
    return Act(row.id, row.admin_id, row.action, row.target_user_id, row.details, row.at)
