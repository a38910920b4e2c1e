"""One call of one method, and the table of the methods that the sandbox has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from aiogram import methods, types
from aiogram.client.default import Default
from aiogram.methods import TelegramMethod

from bot.sandbox.media.uploads import Upload
from bot.sandbox.world import World

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, where, and with which uploaded files (by the name of their form field)."""

    world: World
    bot: types.User
    uploads: Mapping[str, Upload]


HandlerT = TypeVar("HandlerT", bound=Callable[[Call, Any], Awaitable[object]])


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method of the Bot API and what answers it."""

    name: str
    kind: type[TelegramMethod[Any]]
    handler: Callable[[Call, Any], Awaitable[object]]


ENDPOINTS: dict[str, Endpoint] = {}  # by name in lower case: Telegram compares names without case

KNOWN_METHODS = {  # all of the Bot API, in the same way
    name.lower(): name[0].lower() + name[1:]
    for name, kind in vars(methods).items()
    if isinstance(kind, type) and issubclass(kind, TelegramMethod) and kind is not TelegramMethod
}


def implements(*kinds: type[TelegramMethod[Any]]) -> Callable[[HandlerT], HandlerT]:
    """Registers the decorated coroutine as the answer to one method, or to several that do the same."""

    def register(handler: HandlerT) -> HandlerT:
        for kind in kinds:
            name = kind.__api_method__
            ENDPOINTS[name.lower()] = Endpoint(name, kind, handler)
        return handler

    return register


def given(value: ValueT | Default | None) -> ValueT | None:
    """Returns what the caller gave; aiogram's markers for a client's defaults count as nothing."""
    return None if isinstance(value, Default) else value
