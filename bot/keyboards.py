"""Inline keyboards. Everything a button needs is in its data, so buttons keep working after a restart.

Callback data is at most 64 bytes. A button of a menu carries its owner's id; a button of a job is checked against the
job's owner in the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from aiogram.enums import ButtonStyle
from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot import wording
from bot.texts import Translator
from engines import tasks

CANCEL_BUTTONS_LIMIT: Final = 8  # of the queue list; more would hide the list itself
RATIOS_A_ROW: Final = 4


class Example(CallbackData, prefix="ex", sep="|"):
    """Paint example `number` (1 to 3) for whoever presses."""

    number: int


class Cancel(CallbackData, prefix="x", sep="|"):
    """Cancel a job."""

    job_id: int


class CancelInList(CallbackData, prefix="xq", sep="|"):
    """Cancel a job and show the queue list anew."""

    job_id: int


class Again(CallbackData, prefix="again", sep="|"):
    """Paint the task of a job again with another seed."""

    job_id: int


class AsFile(CallbackData, prefix="file", sep="|"):
    """Send the original of picture `index` (from 0) of a job."""

    job_id: int
    index: int = 0


class Menu(CallbackData, prefix="menu", sep="|"):
    """Open the settings as a new message, or close the settings message."""

    action: Literal["open", "close"]
    owner_id: int


class ChooseModel(CallbackData, prefix="model", sep="|"):
    """Set the model of the owner."""

    model: tasks.Model
    owner_id: int


class ChooseRatio(CallbackData, prefix="ratio", sep="|"):
    """Set the aspect ratio of the owner."""

    ratio: tasks.AspectRatio
    owner_id: int


def examples(t: Translator, profile: str) -> InlineKeyboardMarkup:
    """The example prompts under /start."""
    return _rows(
        [
            [_button(wording.example_label(t, profile, number), Example(number=number))]
            for number in range(1, wording.EXAMPLES + 1)
        ]
    )


def status(t: Translator, job_id: int) -> InlineKeyboardMarkup:
    """The keyboard of a status message while the job can be cancelled."""
    return _rows([[_button(t.plain("button-cancel"), Cancel(job_id=job_id), ButtonStyle.DANGER)]])


def result(t: Translator, job_id: int, owner_id: int) -> InlineKeyboardMarkup:
    """The next steps under a picture."""
    again = _button(t.plain("button-again"), Again(job_id=job_id), ButtonStyle.PRIMARY)
    file = _button(t.plain("button-file"), AsFile(job_id=job_id))
    return _rows([[again, file], [_button(t.plain("button-settings"), Menu(action="open", owner_id=owner_id))]])


def failed(t: Translator, job_id: int, owner_id: int) -> InlineKeyboardMarkup:
    """The next steps under a failure."""
    again = _button(t.plain("button-again"), Again(job_id=job_id), ButtonStyle.PRIMARY)
    return _rows([[again, _button(t.plain("button-settings"), Menu(action="open", owner_id=owner_id))]])


def settings(t: Translator, owner_id: int, model: tasks.Model, ratio: tasks.AspectRatio) -> InlineKeyboardMarkup:
    """The settings: models one a row, then the ratios, then "done"; the chosen ones are marked."""
    models = [
        [_button(_marked(t, t.plain(f"model-{one}"), chosen=one is model), ChooseModel(model=one, owner_id=owner_id))]
        for one in tasks.Model
    ]
    ratios = [
        _button(_marked(t, one.value, chosen=one is ratio), ChooseRatio(ratio=one, owner_id=owner_id))
        for one in tasks.AspectRatio
    ]
    rows = [ratios[start : start + RATIOS_A_ROW] for start in range(0, len(ratios), RATIOS_A_ROW)]
    done = _button(t.plain("button-done"), Menu(action="close", owner_id=owner_id), ButtonStyle.SUCCESS)
    return _rows([*models, *rows, [done]])


def queue(t: Translator, lines: Sequence[wording.QueueLine]) -> InlineKeyboardMarkup | None:
    """A cancel button for each of the first lines of the queue list; None for an empty list."""
    buttons = [
        _button(t.plain("button-cancel-number", number=number), CancelInList(job_id=line.job_id), ButtonStyle.DANGER)
        for number, line in enumerate(lines[:CANCEL_BUTTONS_LIMIT], 1)
    ]
    return _rows([buttons[start : start + 2] for start in range(0, len(buttons), 2)]) if buttons else None


def _marked(t: Translator, label: str, *, chosen: bool) -> str:
    return t.plain("button-chosen", label=label) if chosen else label


def _button(text: str, data: CallbackData, style: ButtonStyle | None = None) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=data.pack(), style=style)


def _rows(rows: list[list[InlineKeyboardButton]]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=rows)
