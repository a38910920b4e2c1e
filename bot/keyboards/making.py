"""Small parts that all keyboards are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aiogram.enums import ButtonStyle
from aiogram.filters.callback_data import CallbackData
from aiogram.types import CopyTextButton, DisabledButton, InlineKeyboardButton, InlineKeyboardMarkup

from bot.texts import Translator

COPY_LIMIT: Final = 256  # characters of a text that a button can copy (Bot API)

Row = list[InlineKeyboardButton]


def button(text: str, data: CallbackData, style: ButtonStyle | None = None) -> InlineKeyboardButton:
    """A button that sends its data."""
    return InlineKeyboardButton(text=text, callback_data=data.pack(), style=style)


def copying(text: str, copied: str) -> Row:
    """A button that copies a text, as a row of one; no button for what is too long to be copied."""
    if not 1 <= len(copied.encode("utf-16-le")) // 2 <= COPY_LIMIT:
        return []
    return [InlineKeyboardButton(text=text, copy_text=CopyTextButton(text=copied))]


def marked(t: Translator, label: str, *, chosen: bool) -> str:
    """The label of one choice among several."""
    return t.plain("button-chosen", label=label) if chosen else label


def in_rows(buttons: Sequence[InlineKeyboardButton], width: int) -> list[Row]:
    """Buttons in rows of at most `width`."""
    return [list(buttons[start : start + width]) for start in range(0, len(buttons), width)]


def keyboard(rows: Sequence[Row]) -> InlineKeyboardMarkup:
    """A keyboard of those rows that have buttons."""
    return InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])


def has(markup: InlineKeyboardMarkup | None, data: CallbackData) -> bool:
    """Some button of the keyboard sends this data."""
    packed = data.pack()
    return markup is not None and any(one.callback_data == packed for row in markup.inline_keyboard for one in row)


def replaced(
    markup: InlineKeyboardMarkup | None, data: CallbackData, other: InlineKeyboardButton
) -> InlineKeyboardMarkup | None:
    """The keyboard with another button in the place of the one that sends `data`; None where there is none."""
    if markup is None or not has(markup, data):
        return None
    packed = data.pack()
    return keyboard([[other if one.callback_data == packed else one for one in row] for row in markup.inline_keyboard])


def used_up(markup: InlineKeyboardMarkup | None, data: CallbackData) -> InlineKeyboardMarkup | None:
    """The keyboard with the button that sends `data` disabled; None where there is none."""
    packed = data.pack()
    buttons = [] if markup is None else [one for row in markup.inline_keyboard for one in row]
    return next((replaced(markup, data, used(one.text)) for one in buttons if one.callback_data == packed), None)


def used(text: str) -> InlineKeyboardButton:
    """A button whose work is done: it can be seen and not be pressed."""
    return InlineKeyboardButton(text=text, disabled=DisabledButton())
