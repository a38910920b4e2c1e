"""From the operator's settings to an engine pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engines.start import pool_from_profile

if TYPE_CHECKING:
    from bot.settings import EngineSettings
    from engines.pool import Pool


def pool_for(settings: EngineSettings) -> Pool:
    """The pool that the settings describe, not started: nothing is loaded and torch is not imported yet."""
    return pool_from_profile(
        settings.profile, weights_dir=settings.weights_dir, devices=settings.devices, threads=settings.cpu_threads
    )
