"""The tables. Impossible states are refused by the schema first, by code second."""

from __future__ import annotations

from bot.database.models.base import Base
from bot.database.models.broadcast import Broadcast, BroadcastStatus
from bot.database.models.chat import AdminAction, ConversationState, InboxUpdate
from bot.database.models.favourite import Favourite
from bot.database.models.files import Artifact, InputMedia, JobInput
from bot.database.models.job import OPEN, Job, JobStatus
from bot.database.models.line import Duration, Lane, QueueClock
from bot.database.models.state import BotStateEntry
from bot.database.models.user import CreditEntry, CreditReason, User, UserSettings

__all__ = [
    "OPEN",
    "AdminAction",
    "Artifact",
    "Base",
    "BotStateEntry",
    "Broadcast",
    "BroadcastStatus",
    "ConversationState",
    "CreditEntry",
    "CreditReason",
    "Duration",
    "Favourite",
    "InboxUpdate",
    "InputMedia",
    "Job",
    "JobInput",
    "JobStatus",
    "Lane",
    "QueueClock",
    "User",
    "UserSettings",
]
