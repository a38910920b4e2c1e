"""Buttons of the admins. The data names what is meant, never who may: that is asked anew at every press."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from aiogram.enums import ButtonStyle
from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot import costs
from bot.texts import Translator

GRANT_CREDITS: Final = 10 * costs.BASE_CREDITS  # ten base pictures


class Screen(StrEnum):
    """What the panel shows."""

    HOME = "home"
    JOBS = "jobs"
    ENGINES = "engines"
    AUDIT = "audit"


class Show(CallbackData, prefix="adm", sep="|"):
    """Show a screen in place of this message."""

    screen: Screen


class Close(CallbackData, prefix="admx", sep="|"):
    """Take the panel out of the chat."""


class Chart(CallbackData, prefix="adms", sep="|"):
    """Send the statistics of a day or a week."""

    days: int


class Switch(CallbackData, prefix="admm", sep="|"):
    """Switch maintenance on or off."""

    on: bool


class JobsPage(CallbackData, prefix="admp", sep="|"):
    """Show a page (from 0) of the open jobs."""

    page: int


class CancelJob(CallbackData, prefix="admj", sep="|"):
    """Cancel anybody's job and show the page anew."""

    job_id: int
    page: int


class PersonAct(StrEnum):
    """What a button under a person does."""

    SHOW = "show"
    BAN = "ban"
    UNBAN = "unban"
    GRANT = "grant"
    DEFAULT = "default"


class OnPerson(CallbackData, prefix="admu", sep="|"):
    """Do something to a person and show the card anew."""

    act: PersonAct
    user_id: int


class BroadcastAct(StrEnum):
    """What a button under a broadcast does."""

    SEND = "send"
    DROP = "drop"
    STOP = "stop"


class OnBroadcast(CallbackData, prefix="admb", sep="|"):
    """Send, drop or stop a broadcast."""

    act: BroadcastAct
    broadcast_id: int


def home(t: Translator, *, maintenance_is_on: bool) -> InlineKeyboardMarkup:
    """The panel."""
    switch = _button(
        t.plain(f"admin-button-maintenance-{'off' if maintenance_is_on else 'on'}"),
        Switch(on=not maintenance_is_on),
        ButtonStyle.SUCCESS if maintenance_is_on else ButtonStyle.DANGER,
    )
    return _rows(
        [_screen(t, Screen.JOBS), _screen(t, Screen.ENGINES)],
        [
            _button(t.plain("admin-button-day"), Chart(days=1)),
            _button(t.plain("admin-button-week"), Chart(days=7)),
        ],
        [_screen(t, Screen.AUDIT)],
        [switch],
        [
            _button(t.plain("admin-button-refresh"), Show(screen=Screen.HOME)),
            _button(t.plain("admin-button-close"), Close()),
        ],
    )


def screen(t: Translator, shown: Screen) -> InlineKeyboardMarkup:
    """A screen without buttons of its own."""
    return _rows(_footer(t, shown))


def jobs(t: Translator, job_ids: Sequence[int], page: int, pages: int) -> InlineKeyboardMarkup:
    """A cancel button for each job of the page, and the pages beside it."""
    buttons = [
        _button(
            t.plain("admin-button-cancel-job", id=str(job_id)),
            CancelJob(job_id=job_id, page=page),
            ButtonStyle.DANGER,
        )
        for job_id in job_ids
    ]
    rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    earlier = [_button(t.plain("admin-button-earlier"), JobsPage(page=page - 1))] if page > 0 else []
    later = [_button(t.plain("admin-button-later"), JobsPage(page=page + 1))] if page + 1 < pages else []
    refresh = _button(t.plain("admin-button-refresh"), JobsPage(page=page))
    return _rows(*rows, [*earlier, *later], [_back(t), refresh])


def person(t: Translator, user_id: int, *, is_banned: bool, is_admin: bool) -> InlineKeyboardMarkup:
    """What can be done for or to a person; an admin is not banned."""
    grant = _button(
        t.plain("admin-button-grant", credits=GRANT_CREDITS), OnPerson(act=PersonAct.GRANT, user_id=user_id)
    )
    usual = _button(t.plain("admin-button-default-quota"), OnPerson(act=PersonAct.DEFAULT, user_id=user_id))
    refresh = _button(t.plain("admin-button-refresh"), OnPerson(act=PersonAct.SHOW, user_id=user_id))
    if is_banned:
        access = [_button(t.plain("admin-button-unban"), OnPerson(act=PersonAct.UNBAN, user_id=user_id))]
    elif is_admin:
        access = []
    else:
        ban = OnPerson(act=PersonAct.BAN, user_id=user_id)
        access = [_button(t.plain("admin-button-ban"), ban, ButtonStyle.DANGER)]
    return _rows([grant, usual], [*access, refresh])


def broadcast_question(t: Translator, broadcast_id: int, recipients: int) -> InlineKeyboardMarkup | None:
    """Send it or not; None where nobody would get it."""
    if not recipients:
        return None
    send = _button(
        t.plain("admin-button-send", recipients=recipients),
        OnBroadcast(act=BroadcastAct.SEND, broadcast_id=broadcast_id),
        ButtonStyle.DANGER,
    )
    drop = _button(t.plain("admin-button-drop"), OnBroadcast(act=BroadcastAct.DROP, broadcast_id=broadcast_id))
    return _rows([send], [drop])


def broadcast_running(t: Translator, broadcast_id: int) -> InlineKeyboardMarkup:
    """Stop what is on its way."""
    stop = OnBroadcast(act=BroadcastAct.STOP, broadcast_id=broadcast_id)
    return _rows([_button(t.plain("admin-button-stop"), stop, ButtonStyle.DANGER)])


def _footer(t: Translator, shown: Screen) -> list[InlineKeyboardButton]:
    return [_back(t), _button(t.plain("admin-button-refresh"), Show(screen=shown))]


def _back(t: Translator) -> InlineKeyboardButton:
    return _button(t.plain("admin-button-back"), Show(screen=Screen.HOME))


def _screen(t: Translator, to: Screen) -> InlineKeyboardButton:
    return _button(t.plain(f"admin-button-{to}"), Show(screen=to))


def _button(text: str, data: CallbackData, style: ButtonStyle | None = None) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=data.pack(), style=style)


def _rows(*rows: list[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])
