"""/history: the user's pictures page by page, all or the favourites, and what can be done with each."""

from __future__ import annotations

from typing import Final

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot import keyboards, wording
from bot.database.users import Person
from bot.queue.errors import QueueError
from bot.services import Services
from bot.texts import Translator
from handlers import refusals, screens
from handlers.screens import Screen

_PAGES_LIMIT: Final = 100_000  # no forged number makes the database count for long


def router() -> Router:
    """The routes of this conversation."""
    routes = Router(name=__name__)
    routes.message(Command("history"))(show)
    routes.callback_query(keyboards.HistoryPage.filter())(turn)
    routes.callback_query(keyboards.HistoryCard.filter())(show_card)
    return routes


async def screen(
    t: Translator, person: Person, services: Services, page: int = 0, *, favourites: bool = False
) -> Screen:
    """One page of the list."""
    page = min(max(page, 0), _PAGES_LIMIT)
    read = services.history.favourites if favourites else services.history.page
    start = page * wording.HISTORY_PAGE
    found = await read(person.id, wording.HISTORY_PAGE + 1, start)
    if not found and page > 0:  # what stood there was deleted meanwhile
        return await screen(t, person, services, 0, favourites=favourites)
    lines = [
        wording.HistoryLine(start + place, job.id, job.task, job.finished_at or job.created_at)
        for place, job in enumerate(found[: wording.HISTORY_PAGE], 1)
    ]
    has_older = len(found) > wording.HISTORY_PAGE and page < _PAGES_LIMIT
    kept = None
    if favourites:
        count = await services.history.count_favourites(person.id)
        kept = wording.Kept(count, services.history.max_favourites)
    return Screen(
        wording.history(t, lines, person.utc_offset_min, kept),
        keyboards.history(t, person.id, lines, page, has_older=has_older, favourites=favourites),
    )


async def card(t: Translator, person: Person, services: Services, job_id: int, back: keyboards.HistoryPage) -> Screen:
    """One picture of the list. Raises QueueError."""
    job, task = await services.studio.owned(person, job_id)
    is_favourite = await services.history.is_favourite(person.id, job_id)
    line = wording.HistoryLine(0, job_id, task, job.finished_at or job.created_at)
    return Screen(
        wording.card(t, line, person.utc_offset_min),
        keyboards.card(t, person.id, job_id, task.count, back, is_favourite=is_favourite),
    )


async def show(message: Message, person: Person, services: Services, t: Translator) -> None:
    """Show the newest pictures as a new message."""
    await screens.show(message, await screen(t, person, services))


async def turn(
    callback: CallbackQuery, callback_data: keyboards.HistoryPage, person: Person, services: Services, t: Translator
) -> None:
    """Turn to another page."""
    if not await screens.belongs(callback, callback_data.owner_id, t):
        return
    await screens.toast(callback)
    page = await screen(t, person, services, callback_data.page, favourites=callback_data.favourites)
    await screens.edit(callback, page)


async def show_card(
    callback: CallbackQuery, callback_data: keyboards.HistoryCard, person: Person, services: Services, t: Translator
) -> None:
    """Open one picture in the place of the list."""
    back = keyboards.HistoryPage(owner_id=person.id, page=callback_data.page, favourites=callback_data.favourites)
    try:
        opened = await card(t, person, services, callback_data.job_id, back)
    except QueueError as error:
        await screens.toast(callback, refusals.toast(t, error), alert=True)
        return
    await screens.toast(callback)
    await screens.edit(callback, opened)
