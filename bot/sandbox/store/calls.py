"""What the bots called: the record that outside checks read."""

from __future__ import annotations

import json

from pydantic import JsonValue

from bot.sandbox.store.database import Database

KEPT_CALLS = 20_000


class Calls:
    """The table calls. `at` is the Unix time in seconds of the answer; it grows strictly, so it works as a cursor."""

    def __init__(self, database: Database) -> None:
        self._db = database
        row = database.row("SELECT max(at) FROM calls")
        self._last_at = float(row[0] or 0) if row else 0.0

    def add(self, *, bot_id: int, method: str, parameters: dict[str, JsonValue], status: int, at: float) -> None:
        """Records one call; the oldest beyond the bound are forgotten."""
        self._last_at = max(at, self._last_at + 1e-6)
        with self._db.transaction():
            call_id = self._db.run(
                "INSERT INTO calls (bot_id, method, parameters, status, at) VALUES (?, ?, ?, ?, ?)",
                (bot_id, method, json.dumps(parameters, ensure_ascii=False), status, self._last_at),
            )
            self._db.run("DELETE FROM calls WHERE id <= ?", (call_id - KEPT_CALLS,))

    def list(self, *, method: str | None = None, after: float = 0.0) -> list[dict[str, JsonValue]]:
        """Returns the calls answered after that time, oldest first; case does not matter in `method`."""
        rows = self._db.rows(
            "SELECT method, parameters, status, at FROM calls "
            "WHERE at > ? AND (? IS NULL OR lower(method) = lower(?)) ORDER BY at",
            (after, method, method),
        )
        return [
            {"method": row[0], "parameters": json.loads(str(row[1])), "status": row[2], "at": row[3]} for row in rows
        ]
