"""What a server may not know yet, and how the bot does without it.

A refused call that uses such a feature is tried again without it. What turns out to be the cause is left out from then
on, with one line in the log; what was accepted once is never doubted again. Ephemeral messages are judged chat by chat,
and each refused one is said aloud: an answer that others see is better than none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

import structlog
from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramBadRequest, TelegramNotFound
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

log = structlog.get_logger(__name__)


class Feature(StrEnum):
    """What a server or a client may not know, the newest first."""

    DISABLED = "disabled_button"  # Bot API 10.3
    EPHEMERAL = "ephemeral_message"  # 10.2
    STYLE = "button_style"  # 9.4
    COPY_TEXT = "copy_text_button"  # 7.11


Place = tuple[Feature, int | str | None]  # None: the whole server

# Refusals that no feature causes.
_UNRELATED: Final = ("not found", "too long", "is empty", "can't be edited", "can't be deleted")


class Manners(BaseRequestMiddleware):
    """Leaves out of calls what the server does not know."""

    def __init__(self) -> None:
        self._unknown: set[Place] = set()
        self._accepted: set[Place] = set()

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        places = {_place(feature, method) for feature in features_of(method)}
        method = without(method, (feature for feature, _ in places & self._unknown))
        places -= self._unknown
        try:
            response = await make_request(bot, method)
        except (TelegramBadRequest, TelegramNotFound) as error:
            doubted = [place for place in sorted(places) if self._is_doubted(place)]
            if any(words in error.message.lower() for words in _UNRELATED):
                raise
            for suspects in _suspicions(doubted):
                try:
                    response = await make_request(bot, without(method, (feature for feature, _ in suspects)))
                except (TelegramBadRequest, TelegramNotFound):
                    continue
                self._do_without(suspects)
                return response
            raise
        self._accepted |= places
        return response

    def _is_doubted(self, place: Place) -> bool:
        return place not in self._accepted or place[0] is Feature.EPHEMERAL

    def _do_without(self, suspects: Iterable[Place]) -> None:
        for place in suspects:
            if place not in self._accepted:
                self._unknown.add(place)
                log.info("feature_not_known", feature=place[0].value)


def features_of(method: TelegramMethod[TelegramType]) -> frozenset[Feature]:
    """The features that a call uses."""
    found = {feature for button in _buttons(method) for feature, is_used in _BUTTON_FEATURES.items() if is_used(button)}
    if getattr(method, "ephemeral_message_parameters", None) is not None:
        found.add(Feature.EPHEMERAL)
    return frozenset(found)


def without(method: TelegramMethod[TelegramType], features: Iterable[Feature]) -> TelegramMethod[TelegramType]:
    """The call without some features: a button that can do nothing else is left out."""
    left_out = frozenset(features)
    changes: dict[str, object] = {}
    if Feature.EPHEMERAL in left_out:
        changes["ephemeral_message_parameters"] = None
    if left_out & _BUTTON_FEATURES.keys() and _buttons(method):
        changes["reply_markup"] = _markup_without(_keyboard(method), left_out)
    return method.model_copy(update=changes) if changes else method


_BUTTON_FEATURES: Final[dict[Feature, Callable[[InlineKeyboardButton], bool]]] = {
    Feature.DISABLED: lambda button: button.disabled is not None,
    Feature.STYLE: lambda button: button.style is not None,
    Feature.COPY_TEXT: lambda button: button.copy_text is not None,
}


def _markup_without(
    rows: list[list[InlineKeyboardButton]], left_out: frozenset[Feature]
) -> InlineKeyboardMarkup | None:
    dropped = left_out - {Feature.STYLE}
    kept = [
        [
            button.model_copy(update={"style": None}) if Feature.STYLE in left_out else button
            for button in row
            if not any(_BUTTON_FEATURES[feature](button) for feature in dropped & _BUTTON_FEATURES.keys())
        ]
        for row in rows
    ]
    rows = [row for row in kept if row]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def _suspicions(doubted: list[Place]) -> list[list[Place]]:
    """Which features to leave out, one attempt after another: each alone, then all of them."""
    return [*([place] for place in doubted), *([doubted] if len(doubted) > 1 else [])]


def _place(feature: Feature, method: TelegramMethod[TelegramType]) -> Place:
    return feature, (getattr(method, "chat_id", None) if feature is Feature.EPHEMERAL else None)


def _keyboard(method: TelegramMethod[TelegramType]) -> list[list[InlineKeyboardButton]]:
    markup = getattr(method, "reply_markup", None)
    return markup.inline_keyboard if isinstance(markup, InlineKeyboardMarkup) else []


def _buttons(method: TelegramMethod[TelegramType]) -> list[InlineKeyboardButton]:
    return [button for row in _keyboard(method) for button in row]
