"""What handlers may call, in one object that the dispatcher hands to them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.admin.broadcasting import Broadcaster
from bot.admin.desk import AdminDesk
from bot.admin.reports import Reports
from bot.database.forgetting import Forgetting
from bot.database.history import History
from bot.database.users import Users
from bot.maintenance import Maintenance
from bot.studio import Studio


@dataclass(frozen=True, slots=True)
class Services:
    """The application as handlers see it."""

    studio: Studio
    users: Users
    history: History
    forgetting: Forgetting
    admin: AdminDesk
    broadcaster: Broadcaster
    maintenance: Maintenance
    reports: Reports
    profile: str
