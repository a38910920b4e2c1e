"""What Telegram itself shows of the bot: commands and descriptions, in every language."""

from __future__ import annotations

from typing import Final

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.types import BotCommand

from bot.texts import Texts

log = structlog.get_logger(__name__)

COMMANDS: Final = ("start", "settings", "queue", "cancel", "help")


async def publish(bot: Bot, texts: Texts) -> None:
    """Set commands and descriptions; the default language also serves everybody whose language has no texts."""
    try:
        for language in texts.languages:
            code = None if language == texts.default_language else language
            t = texts.translator(language)
            commands = [BotCommand(command=name, description=t.plain(f"command-{name}")) for name in COMMANDS]
            await bot.set_my_commands(commands, language_code=code)
            await bot.set_my_description(t.plain("bot-description"), language_code=code)
            await bot.set_my_short_description(t.plain("bot-short-description"), language_code=code)
    except (TelegramAPIError, OSError) as error:
        log.warning("profile_not_published", error=type(error).__name__)  # the next start tries again
