"""Everything that a running sandbox is made of, in one place."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.sandbox.faults import Faults
from bot.sandbox.hub import Hub
from bot.sandbox.limits import RateLimits, Rates
from bot.sandbox.media.storage import FileRoom
from bot.sandbox.store.callbacks import Callbacks
from bot.sandbox.store.calls import Calls
from bot.sandbox.store.database import Database
from bot.sandbox.store.messages import Messages
from bot.sandbox.store.people import People
from bot.sandbox.store.profiles import Profiles
from bot.sandbox.store.reactions import Reactions
from bot.sandbox.store.updates import Updates

Clock = Callable[[], float]  # Unix time in seconds


@dataclass(frozen=True, slots=True)
class World:
    """The store, the waiting clients and the rules; handlers get it whole."""

    database: Database
    people: People
    messages: Messages
    reactions: Reactions
    updates: Updates
    callbacks: Callbacks
    calls: Calls
    profiles: Profiles
    files: FileRoom
    hub: Hub
    faults: Faults
    limits: RateLimits
    clock: Clock

    def now(self) -> datetime:
        """Returns the time of a new message, in whole seconds as Telegram counts."""
        return datetime.fromtimestamp(int(self.clock()), UTC)

    def close(self) -> None:
        """Ends the event streams and closes the database."""
        self.hub.close()
        self.database.close()


def open_world(
    data_dir: Path, *, clock: Clock = time.time, rates: Rates | None = None, seed: int | None = None
) -> World:
    """Opens or creates the data directory. `seed` fixes the dice of faults that have a probability."""
    data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(data_dir / "sandbox.sqlite3")
    return World(
        database=database,
        people=People(database),
        messages=Messages(database),
        reactions=Reactions(database),
        updates=Updates(database),
        callbacks=Callbacks(database),
        calls=Calls(database),
        profiles=Profiles(database),
        files=FileRoom(database, data_dir),
        hub=Hub(),
        faults=Faults(random.Random(seed)),
        limits=RateLimits(Rates() if rates is None else rates),
        clock=clock,
    )
