"""What handlers may call, in one object that the dispatcher hands to them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.database.users import Users
from bot.studio import Studio


@dataclass(frozen=True, slots=True)
class Services:
    """The application as handlers see it."""

    studio: Studio
    users: Users
    profile: str
