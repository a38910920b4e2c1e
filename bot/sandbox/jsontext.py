"""Strict JSON from outside: text that SQLite and HTTP can carry, numbers that exist."""

from __future__ import annotations

import json
from typing import NoReturn

from pydantic import JsonValue

MAX_DIGITS = 18  # of an integer: Telegram's ids fit into 52 bits


def loads(text: str | bytes) -> JsonValue:
    """Parses JSON; raises ValueError also for lone surrogates, NaN, huge integers and bottomless nesting."""
    try:
        value: JsonValue = json.loads(text, parse_constant=_refuse, parse_int=_integer)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as too_deep:
        raise ValueError("nested too deeply") from too_deep
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _integer(digits: str) -> int:
    if len(digits.removeprefix("-")) > MAX_DIGITS:
        raise ValueError("integer is too large")
    return int(digits)
