"""Buttons of a job: while it waits, under its pictures, and in lists of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aiogram.enums import ButtonStyle
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot import wording
from bot.keyboards import data, making
from bot.texts import Translator
from engines import tasks, unheard

CANCEL_BUTTONS_LIMIT: Final = wording.LIST_LIMIT  # one for each line of the queue list
CANCELS_A_ROW: Final = 3
CARDS_A_ROW: Final = 5


def status(t: Translator, job_id: int) -> InlineKeyboardMarkup:
    """The keyboard of a status message while the job can be cancelled."""
    return making.keyboard([[making.button(t.plain("button-cancel"), data.Cancel(job_id=job_id), ButtonStyle.DANGER)]])


def result(
    t: Translator,
    job_id: int,
    owner_id: int,
    task: tasks.TextToImage,
    models: Sequence[tasks.Model],
    *,
    is_favourite: bool = False,
) -> InlineKeyboardMarkup:
    """The next steps under a picture; `models` are those that can be chosen here."""
    again = making.button(t.plain("button-again"), data.Again(job_id=job_id), ButtonStyle.PRIMARY)
    with_others = [
        making.button(
            t.plain("button-other-model", model=wording.short_model_name(t, other)),
            data.OtherModel(job_id=job_id, model=other),
        )
        for other in models
        if other is not task.model
    ]
    can_refine = unheard.hears(task.model, "refine") and not task.refine
    refine = making.button(t.plain("button-refine"), data.Refine(job_id=job_id))
    details = making.button(t.plain("button-details"), data.Details(job_id=job_id))
    settings = making.button(t.plain("button-settings"), data.Menu(action="open", owner_id=owner_id))
    return making.keyboard(
        [
            [again, *with_others],
            [*([refine] if can_refine else []), *(_files(t, job_id, 1) if task.count == 1 else [])],
            _files(t, job_id, task.count) if task.count > 1 else [],
            [*_copies(t, task), favourite(t, job_id, is_favourite=is_favourite)],
            [details, settings],
        ]
    )


def favourite(t: Translator, job_id: int, *, is_favourite: bool) -> InlineKeyboardButton:
    """The heart of a result: full for a favourite."""
    label = t.plain("button-favourite-on" if is_favourite else "button-favourite-off")
    return making.button(label, data.Favourite(job_id=job_id))


def failed(t: Translator, job_id: int, owner_id: int) -> InlineKeyboardMarkup:
    """The next steps under a failure."""
    again = making.button(t.plain("button-again"), data.Again(job_id=job_id), ButtonStyle.PRIMARY)
    settings = making.button(t.plain("button-settings"), data.Menu(action="open", owner_id=owner_id))
    return making.keyboard([[again, settings]])


def details(t: Translator, task: tasks.TextToImage, everything: str) -> InlineKeyboardMarkup | None:
    """Copy buttons under the settings of a picture: its words, its seed, and a message that paints it again."""
    rows = [_copies(t, task), making.copying(t.plain("button-copy-all"), everything)]
    return making.keyboard(rows) if any(rows) else None


def corrected(t: Translator, message: str) -> InlineKeyboardMarkup | None:
    """A copy button for a message that the bot understands, or that the user will want to send again."""
    row = making.copying(t.plain("button-copy-message"), message)
    return making.keyboard([row]) if row else None


def queue(
    t: Translator, lines: Sequence[wording.QueueLine], back: data.Menu | None = None
) -> InlineKeyboardMarkup | None:
    """A cancel button for each of the first lines of the queue list; None for an empty list without a way back."""
    buttons = [
        making.button(
            t.plain("button-cancel-number", number=number), data.CancelInList(job_id=line.job_id), ButtonStyle.DANGER
        )
        for number, line in enumerate(lines[:CANCEL_BUTTONS_LIMIT], 1)
    ]
    rows = making.in_rows(buttons, CANCELS_A_ROW)
    if back is not None:
        rows.append([making.button(t.plain("button-back"), back)])
    return making.keyboard(rows) if rows else None


def history(
    t: Translator, owner_id: int, lines: Sequence[wording.HistoryLine], page: int, *, has_older: bool, favourites: bool
) -> InlineKeyboardMarkup:
    """A number for each picture of the page, the pages beside it, and the filter."""

    def go(label: str, to_page: int, only: bool) -> InlineKeyboardButton:
        return making.button(t.plain(label), data.HistoryPage(owner_id=owner_id, page=to_page, favourites=only))

    cards = [
        making.button(str(line.number), data.HistoryCard(job_id=line.job_id, page=page, favourites=favourites))
        for line in lines
    ]
    newer = [go("button-newer", page - 1, favourites)] if page > 0 else []
    older = [go("button-older", page + 1, favourites)] if has_older else []
    chosen = go("button-all-pictures", 0, False) if favourites else go("button-favourites", 0, True)
    menu = making.button(t.plain("button-menu"), data.Menu(action="home", owner_id=owner_id))
    return making.keyboard([*making.in_rows(cards, CARDS_A_ROW), [*newer, *older], [chosen, menu]])


def card(
    t: Translator, owner_id: int, job_id: int, count: int, back: data.HistoryPage, *, is_favourite: bool
) -> InlineKeyboardMarkup:
    """What can be done with a picture of the list."""
    return making.keyboard(
        [
            [
                making.button(t.plain("button-show"), data.ShowAgain(job_id=job_id), ButtonStyle.PRIMARY),
                making.button(t.plain("button-again"), data.Again(job_id=job_id)),
            ],
            _files(t, job_id, count),
            [
                making.button(t.plain("button-details"), data.Details(job_id=job_id)),
                favourite(t, job_id, is_favourite=is_favourite),
            ],
            [
                making.button(t.plain("button-back"), back),
                making.button(t.plain("button-menu"), data.Menu(action="home", owner_id=owner_id)),
            ],
        ]
    )


def _files(t: Translator, job_id: int, count: int) -> making.Row:
    if count == 1:
        return [making.button(t.plain("button-file"), data.AsFile(job_id=job_id))]
    return [
        making.button(t.plain("button-file-number", number=index + 1), data.AsFile(job_id=job_id, index=index))
        for index in range(count)
    ]


def _copies(t: Translator, task: tasks.TextToImage) -> making.Row:
    prompt = making.copying(t.plain("button-copy-prompt"), task.prompt)
    return prompt + making.copying(t.plain("button-copy-seed"), str(task.seed))
