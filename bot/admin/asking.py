"""What an admin wrote behind a command, read by pure functions: whom, how much."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_ID: Final = re.compile(r"\d{1,15}")
_NAME: Final = re.compile(r"@?([A-Za-z]\w{2,31})", re.ASCII)
_AMOUNT: Final = re.compile(r"([+\-−–]?)(\d{1,9})")
AMOUNT_LIMIT: Final = 1_000_000  # credits; a million base pictures would take a card ten days


@dataclass(frozen=True, slots=True)
class ById:
    """Somebody by Telegram id."""

    user_id: int


@dataclass(frozen=True, slots=True)
class ByName:
    """Somebody by @name."""

    username: str


Who = ById | ByName


@dataclass(frozen=True, slots=True)
class Daily:
    """The credits of every day from now on; None is the usual amount."""

    credits: int | None


@dataclass(frozen=True, slots=True)
class Grant:
    """Credits more, or fewer, for today."""

    delta: int


Amount = Daily | Grant


def who(word: str) -> Who | None:
    """Whom a word names: an id, or a name with or without @. None for anything else."""
    if _ID.fullmatch(word):
        return ById(int(word))
    if name := _NAME.fullmatch(word):
        return ByName(name[1])
    return None


def amount(word: str) -> Amount | None:
    """N, +N, -N or "default". None for anything else, and for a change of nothing."""
    if word.lower() == "default":
        return Daily(None)
    if (found := _AMOUNT.fullmatch(word)) is None:
        return None
    sign, digits = found[1], int(found[2])
    if not sign:
        return Daily(digits)
    delta = digits if sign == "+" else -digits
    return Grant(delta) if delta else None


def is_too_large(asked: Amount) -> bool:
    """More credits than the books take."""
    return abs(asked.delta if isinstance(asked, Grant) else asked.credits or 0) > AMOUNT_LIMIT
