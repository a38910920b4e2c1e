"""aiogram routers, one module per conversation. No torch, no SQL: they call a service of bot/ and answer."""

from __future__ import annotations

from aiogram import Router

from handlers import (
    admin,
    asking,
    fallback,
    favourites,
    forget,
    groups,
    history,
    jobs,
    language,
    menu,
    paint,
    pictures,
    quota,
    reachability,
    results,
    settings,
    start,
    zone,
)

_IN_ORDER = (
    admin,
    asking,
    start,
    menu,
    settings,
    language,
    zone,
    jobs,
    history,
    quota,
    forget,
    results,
    pictures,
    favourites,
    reachability,
    groups,
    paint,
    fallback,
)


def routers() -> list[Router]:
    """Fresh routers in the order in which they are asked; the last one answers what nobody else understood."""
    return [module.router() for module in _IN_ORDER]
