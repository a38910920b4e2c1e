"""The secrets of the bot, from environment variables or from files that they name."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr

from bot.settings_errors import SettingsError

TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{1,100}")
WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # what setWebhook accepts as secret_token


class Secrets(BaseModel):
    """What must never be written down by the bot."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bot_token: SecretStr | None = None
    webhook_secret: SecretStr | None = None

    def values(self) -> tuple[str, ...]:
        """The plain secrets, for the log to mask."""
        return tuple(secret.get_secret_value() for secret in (self.bot_token, self.webhook_secret) if secret)


def collected(token: str | None = None) -> Secrets:
    """The secrets of the environment, under `token`; SettingsError for a malformed one or an unreadable file."""
    return Secrets(
        bot_token=SecretStr(token)
        if token
        else _secret("BOT_TOKEN", TOKEN, "BOT_TOKEN=123456:the-letters-that-BotFather-gave"),
        webhook_secret=_secret("WEBHOOK_SECRET", WEBHOOK_SECRET, "WEBHOOK_SECRET=1-to-256-letters_digits-and-dashes"),
    )


def _secret(name: str, form: re.Pattern[str], line: str) -> SecretStr | None:
    value = os.environ.get(name)
    source = name
    if value is None and (file := os.environ.get(f"{name}_FILE")):
        source = f"{name}_FILE ({file})"
        try:
            value = Path(file).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{source} cannot be read: {error}.") from error
    if value is None or not value.strip():
        return None
    value = value.strip()
    if not form.fullmatch(value):
        raise SettingsError(f"{source} does not have the form of such a secret.\nWrite in the environment:\n    {line}")
    return SecretStr(value)
