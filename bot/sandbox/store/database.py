"""The SQLite file of the sandbox: schema, transactions, and what runs after a commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY,
    payload TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS bots (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    payload TEXT NOT NULL,
    allowed_updates TEXT,
    webhook TEXT
);
CREATE TABLE IF NOT EXISTS chats (
    id INTEGER PRIMARY KEY,
    payload TEXT NOT NULL,
    pinned_id INTEGER
);
CREATE TABLE IF NOT EXISTS members (
    chat_id INTEGER NOT NULL REFERENCES chats (id),
    user_id INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('creator', 'administrator', 'member', 'left', 'kicked')),
    PRIMARY KEY (chat_id, user_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks (
    user_id INTEGER NOT NULL REFERENCES users (id),
    bot_id INTEGER NOT NULL REFERENCES bots (id),
    PRIMARY KEY (user_id, bot_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chat_id INTEGER NOT NULL REFERENCES chats (id),
    author_id INTEGER NOT NULL,
    payload TEXT NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1))
);
CREATE INDEX IF NOT EXISTS messages_of_chat ON messages (chat_id, id) WHERE deleted = 0;
CREATE TABLE IF NOT EXISTS whispers (
    message_id INTEGER PRIMARY KEY REFERENCES messages (id),
    receiver_id INTEGER NOT NULL REFERENCES users (id)
);
CREATE TABLE IF NOT EXISTS reactions (
    message_id INTEGER NOT NULL REFERENCES messages (id),
    user_id INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    PRIMARY KEY (message_id, user_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS updates (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    bot_id INTEGER NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS updates_of_bot ON updates (bot_id, id);
CREATE TABLE IF NOT EXISTS callbacks (
    id TEXT PRIMARY KEY,
    bot_id INTEGER NOT NULL REFERENCES bots (id),
    from_id INTEGER NOT NULL REFERENCES users (id),
    chat_id INTEGER NOT NULL REFERENCES chats (id),
    message_id INTEGER NOT NULL REFERENCES messages (id),
    pressed_at REAL NOT NULL,
    answer TEXT
);
CREATE TABLE IF NOT EXISTS media (
    id INTEGER PRIMARY KEY,
    payload TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS files (
    file_id TEXT PRIMARY KEY,
    file_unique_id TEXT NOT NULL UNIQUE,
    media_id INTEGER NOT NULL REFERENCES media (id),
    path TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL CHECK (size >= 0),
    mime_type TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS profiles (
    bot_id INTEGER NOT NULL REFERENCES bots (id),
    field TEXT NOT NULL,
    scope TEXT NOT NULL,
    language TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (bot_id, field, scope, language)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    bot_id INTEGER NOT NULL,
    method TEXT NOT NULL,
    parameters TEXT NOT NULL,
    status INTEGER NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS calls_in_time ON calls (at);
"""

Value = str | int | float | None

LOCK_TIMEOUT_S = 2.0  # longer than a killed process needs to let go


class DataDirInUse(Exception):
    """Another sandbox has this data directory open."""


class Database:
    """One connection; transactions nest, and the outermost one commits.

    `synchronous=NORMAL` in WAL mode loses nothing when the process is killed; a power cut may cost the last commits.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=LOCK_TIMEOUT_S)
        # Two sandboxes in one folder would not wake each other's pollers.
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as locked:
            self._connection.close()
            raise DataDirInUse(f"another sandbox uses {path.parent}") from locked
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(SCHEMA)
        self._depth = 0
        self._after_commit: list[Callable[[], None]] = []

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commits what happens inside, or none of it; do not await inside."""
        if self._depth == 0:
            self._connection.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._after_commit.clear()
                self._connection.execute("ROLLBACK")
            raise
        self._depth -= 1
        if self._depth == 0:
            self._connection.execute("COMMIT")
            waiting, self._after_commit = self._after_commit, []
            for notify in waiting:
                notify()

    def after_commit(self, notify: Callable[[], None]) -> None:
        """Runs `notify` once the surrounding transaction is durable; forgets it when that rolls back."""
        if self._depth == 0:
            notify()
        else:
            self._after_commit.append(notify)

    def run(self, statement: str, parameters: Sequence[Value] = ()) -> int:
        """Executes one statement; returns the id of the inserted row or the number of changed rows."""
        cursor = self._connection.execute(statement, parameters)
        if statement.lstrip().startswith("INSERT"):
            return int(cursor.lastrowid or 0)
        return cursor.rowcount

    def row(self, query: str, parameters: Sequence[Value] = ()) -> tuple[Value, ...] | None:
        """Returns the first row, or None."""
        found: tuple[Value, ...] | None = self._connection.execute(query, parameters).fetchone()
        return found

    def rows(self, query: str, parameters: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        """Returns all rows."""
        return self._connection.execute(query, parameters).fetchall()

    def text(self, query: str, parameters: Sequence[Value] = ()) -> str | None:
        """Returns the first column of the first row as text, or None."""
        found = self.row(query, parameters)
        return None if found is None or found[0] is None else str(found[0])

    def number(self, query: str, parameters: Sequence[Value] = ()) -> int | None:
        """Returns the first column of the first row as an integer, or None."""
        found = self.row(query, parameters)
        return None if found is None or found[0] is None else int(found[0])

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()
