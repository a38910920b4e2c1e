"""Telegram's rules for texts and keyboards, in Telegram's words. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiogram import types

from bot.sandbox import errors
from bot.sandbox.entities.parse import parse
from bot.sandbox.entities.text import FormattedText

MAX_TEXT = 4096  # characters after the markup is parsed
MAX_CAPTION = 1024
MAX_CALLBACK_DATA_BYTES = 64
MAX_BUTTONS = 100
MAX_COPY_TEXT = 256
BUTTON_STYLES = ("danger", "success", "primary")

Markup = types.InlineKeyboardMarkup | types.ReplyKeyboardMarkup | types.ReplyKeyboardRemove | types.ForceReply


def text(source: str, parse_mode: str | None, entities: Sequence[types.MessageEntity] | None) -> FormattedText:
    """Returns the text of a message: 1 to 4096 characters."""
    formatted = parse(source, parse_mode, entities)
    if not formatted.text:
        raise errors.BadRequest("message text is empty")
    if len(formatted.text) > MAX_TEXT:
        raise errors.BadRequest("message is too long")
    return formatted


def caption(
    source: str | None, parse_mode: str | None, entities: Sequence[types.MessageEntity] | None
) -> FormattedText:
    """Returns the text under a picture: 0 to 1024 characters."""
    formatted = parse(source or "", parse_mode, entities)
    if len(formatted.text) > MAX_CAPTION:
        raise errors.BadRequest("message caption is too long")
    return formatted


def keyboard(markup: Markup | None, *, is_private: bool) -> types.InlineKeyboardMarkup | None:
    """Returns an inline keyboard that Telegram would take; other keyboards are not part of a message."""
    if not isinstance(markup, types.InlineKeyboardMarkup):
        return None
    rows = [row for row in markup.inline_keyboard if row]
    buttons = [button for row in rows for button in row]
    if len(buttons) > MAX_BUTTONS:
        raise errors.BadRequest("reply markup is too long")
    for button in buttons:
        _check_button(button, is_private=is_private)
    return markup.model_copy(update={"inline_keyboard": rows}) if rows else None


def _check_button(button: types.InlineKeyboardButton, *, is_private: bool) -> None:
    if not button.text.strip():
        raise errors.BadRequest("can't parse inline keyboard button: text of the button must be non-empty")
    if button.style is not None and button.style not in BUTTON_STYLES:
        raise errors.BadRequest("can't parse inline keyboard button: invalid button style specified")
    if not any(getattr(button, action, None) is not None for action in ACTIONS):
        raise errors.BadRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if button.callback_data is not None and not 1 <= len(button.callback_data.encode()) <= MAX_CALLBACK_DATA_BYTES:
        raise errors.BadRequest("BUTTON_DATA_INVALID")
    if button.url is not None:
        _check_url(button.url)
    if button.copy_text is not None and not 1 <= len(button.copy_text.text) <= MAX_COPY_TEXT:
        raise errors.BadRequest("BUTTON_COPY_TEXT_INVALID")
    if button.web_app is not None:
        if not is_private:
            raise errors.BadRequest("BUTTON_TYPE_INVALID")
        _check_web_app(button.web_app.url)


ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
    "disabled",
)


def _check_url(url: str) -> None:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    local = _is_loopback(parts.hostname or "")
    if parts.scheme == "tg" or (parts.scheme in ("http", "https") and (local or "." in (parts.hostname or ""))):
        return
    raise errors.BadRequest(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _check_web_app(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    raise errors.BadRequest(f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
