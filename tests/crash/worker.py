"""What a process of the bot does in these tests: it serves until somebody ends it.

Nothing of the bot is imported before the environment is set, as at a real start.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Orders:
    """How a process lives; the settings are keys of bot.toml with "__" for the dot.

    `crash_at` is a plain string: a bot.crash.Point would bring its module into the process before the environment is
    set.
    """

    url: str
    data_dir: Path
    crash_at: str = ""
    capacity: int = 1
    step_s: float = 0.01
    settings: Mapping[str, object] = field(default_factory=dict)


def serve(orders: Orders, ready: Event) -> None:
    """Run the bot; `ready` is set when it polls."""
    if orders.crash_at:
        os.environ["KANDINSKY_CRASH_AT"] = orders.crash_at
    from bot import app
    from tests import studio
    from tests.crash.quick_pool import QuickPool

    config = studio.configured(orders.url, orders.data_dir, **orders.settings)
    pool = QuickPool(capacity=orders.capacity, step_s=orders.step_s)
    asyncio.run(app.serve(config, on_ready=ready.set, pool=pool))
