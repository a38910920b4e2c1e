"""aiogram routers, one module per conversation. No torch, no SQL: they call a service of bot/ and answer."""

from __future__ import annotations

from aiogram import Router

from handlers import fallback, groups, jobs, paint, results, settings, start


def routers() -> list[Router]:
    """Fresh routers in the order in which they are asked; the last one answers what nobody else understood."""
    return [module.router() for module in (start, settings, jobs, results, groups, paint, fallback)]
