"""What can go wrong in the application outside its rooms.

BotError
└── StartError   the bot cannot run as configured; the text tells the operator what to do

Rooms have trees of their own: bot.queue.errors, bot.media, bot.settings, engines.errors.
"""

from __future__ import annotations

from typing import ClassVar


class BotError(Exception):
    """The root of the application's own errors."""

    code: ClassVar[str] = "bot_error"


class StartError(BotError):
    """The bot cannot run as configured; the text tells the operator what to do."""

    code = "start_error"
