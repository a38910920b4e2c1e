"""What a bot says about itself: commands, name, descriptions, menu buttons."""

from __future__ import annotations

from collections.abc import Iterable

from bot.sandbox.store.database import Database


class Profiles:
    """The table profiles: one JSON or text value per field, scope and language."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def set(self, bot_id: int, field: str, value: str, *, scope: str = "", language: str = "") -> None:
        """Stores a value."""
        self._db.run(
            "INSERT INTO profiles VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (bot_id, field, scope, language) DO UPDATE SET value = excluded.value",
            (bot_id, field, scope, language, value),
        )

    def remove(self, bot_id: int, field: str, *, scope: str = "", language: str = "") -> None:
        """Removes a value, so that wider scopes and languages show through."""
        self._db.run(
            "DELETE FROM profiles WHERE bot_id = ? AND field = ? AND scope = ? AND language = ?",
            (bot_id, field, scope, language),
        )

    def get(self, bot_id: int, field: str, *, scope: str = "", language: str = "") -> str | None:
        """Returns the value of exactly this scope and language."""
        return self._db.text(
            "SELECT value FROM profiles WHERE bot_id = ? AND field = ? AND scope = ? AND language = ?",
            (bot_id, field, scope, language),
        )

    def resolve(self, bot_id: int, field: str, *, scopes: Iterable[str] = ("",), language: str = "") -> str | None:
        """Returns the first value along the scopes; in each, the language goes before no language."""
        for scope in scopes:
            for wanted in (language, "") if language else ("",):
                value = self.get(bot_id, field, scope=scope, language=wanted)
                if value is not None:
                    return value
        return None
