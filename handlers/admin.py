"""The admins' rooms: the panel with its screens, /stats and /maintenance; people and broadcasts have files beside."""

from __future__ import annotations

import contextlib

from aiogram import Bot, Router
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.filters import Command, CommandObject
from aiogram.types import BufferedInputFile, CallbackQuery, InlineKeyboardMarkup, Message

from bot.admin import keyboards, wording
from bot.admin.keyboards import Screen
from bot.database.users import Person
from bot.limiter import Dropped
from bot.queue.errors import QueueError
from bot.queue.jobs import CancelOutcome
from bot.services import Services
from bot.texts import Translator
from handlers import admin_broadcast, admin_people
from handlers.admin_only import IsAdmin, tell

_SPANS = {"day": 1, "week": 7, "": 1}
MAINTENANCE_TEXT_LIMIT = 500  # characters; it is shown inside other texts


def router() -> Router:
    """The routes of the admins; to anybody else none of them exists."""
    routes = Router(name=__name__)
    routes.message.filter(IsAdmin())
    routes.callback_query.filter(IsAdmin())
    routes.message(Command("admin"))(show_panel)
    routes.message(Command("jobs"))(show_jobs)
    routes.message(Command("engines"))(show_engines)
    routes.message(Command("audit"))(show_audit)
    routes.message(Command("stats"))(show_statistics)
    routes.message(Command("maintenance"))(set_maintenance)
    routes.callback_query(keyboards.Show.filter())(show_screen)
    routes.callback_query(keyboards.JobsPage.filter())(turn_jobs)
    routes.callback_query(keyboards.Close.filter())(close)
    routes.callback_query(keyboards.Chart.filter())(press_chart)
    routes.callback_query(keyboards.Switch.filter())(press_switch)
    routes.callback_query(keyboards.CancelJob.filter())(cancel_job)
    routes.include_routers(admin_people.router(), admin_broadcast.router())
    return routes


async def show_panel(message: Message, bot: Bot, person: Person, services: Services, t: Translator) -> None:
    """The panel as a new message."""
    await tell(message, bot, person, *await _screen(Screen.HOME, person, services, t))


async def show_jobs(message: Message, bot: Bot, person: Person, services: Services, t: Translator) -> None:
    """Everybody's open jobs."""
    await tell(message, bot, person, *await _screen(Screen.JOBS, person, services, t))


async def show_engines(message: Message, bot: Bot, person: Person, services: Services, t: Translator) -> None:
    """The devices."""
    await tell(message, bot, person, *await _screen(Screen.ENGINES, person, services, t))


async def show_audit(message: Message, bot: Bot, person: Person, services: Services, t: Translator) -> None:
    """What admins did."""
    await tell(message, bot, person, *await _screen(Screen.AUDIT, person, services, t))


async def show_screen(
    callback: CallbackQuery, callback_data: keyboards.Show, person: Person, services: Services, t: Translator
) -> None:
    """Another screen in place of this one."""
    await callback.answer()
    await _edit(callback, *await _screen(callback_data.screen, person, services, t))


async def turn_jobs(
    callback: CallbackQuery, callback_data: keyboards.JobsPage, services: Services, t: Translator
) -> None:
    """Another page of the open jobs."""
    await callback.answer()
    await _edit(callback, *await _jobs(callback_data.page, services, t))


async def close(callback: CallbackQuery) -> None:
    """Take the panel out of the chat."""
    await callback.answer()
    if isinstance(callback.message, Message):
        with contextlib.suppress(TelegramBadRequest):  # it is gone already, or too old to be deleted
            await callback.message.delete()


async def show_statistics(
    message: Message, command: CommandObject, bot: Bot, person: Person, services: Services, t: Translator
) -> None:
    """The chart of a day or a week."""
    days = _SPANS.get((command.args or "").strip().lower())
    if days is None:
        await tell(message, bot, person, t("admin-stats-usage"))
        return
    await _send_chart(bot, person, services, t, days)


async def press_chart(
    callback: CallbackQuery,
    callback_data: keyboards.Chart,
    bot: Bot,
    person: Person,
    services: Services,
    t: Translator,
) -> None:
    """The same by a button."""
    await callback.answer()
    await _send_chart(bot, person, services, t, 1 if callback_data.days == 1 else 7)


async def set_maintenance(
    message: Message, command: CommandObject, bot: Bot, person: Person, services: Services, t: Translator
) -> None:
    """/maintenance on [text], /maintenance off; without either, how it stands."""
    word, *rest = (command.args or "").split(maxsplit=1) or [""]
    match word.lower():
        case "on":
            answer = await _switch_on(person, services, t, "".join(rest)[:MAINTENANCE_TEXT_LIMIT])
        case "off":
            answer = await _switch_off(person, services, t)
        case _:
            now = t("admin-maintenance-is-on" if services.maintenance.is_on else "admin-maintenance-is-off")
            usage = t("admin-maintenance-usage", example_on="/maintenance on …", example_off="/maintenance off")
            answer = f"{now}\n{usage}"
    await tell(message, bot, person, answer)


async def press_switch(
    callback: CallbackQuery,
    callback_data: keyboards.Switch,
    bot: Bot,
    person: Person,
    services: Services,
    t: Translator,
) -> None:
    """The same by a button: the panel shows it, a message says what follows. A second press changes nothing."""
    await callback.answer()
    if callback_data.on != services.maintenance.is_on:
        switched = _switch_on(person, services, t, "") if callback_data.on else _switch_off(person, services, t)
        await bot.send_message(person.id, await switched)
    await _edit(callback, *await _screen(Screen.HOME, person, services, t))


async def cancel_job(
    callback: CallbackQuery, callback_data: keyboards.CancelJob, person: Person, services: Services, t: Translator
) -> None:
    """Cancel anybody's job, and show the page anew."""
    try:
        outcome = await services.admin.cancel(person, callback_data.job_id)
    except QueueError:
        outcome = CancelOutcome.TOO_LATE
    if outcome is CancelOutcome.TOO_LATE:
        await callback.answer(t.plain("admin-job-gone"), show_alert=True)
    else:
        await callback.answer(t.plain("toast-cancelled"))
    await _edit(callback, *await _jobs(callback_data.page, services, t))


async def _screen(shown: Screen, person: Person, services: Services, t: Translator) -> tuple[str, InlineKeyboardMarkup]:
    is_on = services.maintenance.is_on
    match shown:
        case Screen.HOME:
            text = wording.panel(t, await services.reports.load(), maintenance_is_on=is_on)
            return text, keyboards.home(t, maintenance_is_on=is_on)
        case Screen.JOBS:
            return await _jobs(0, services, t)
        case Screen.ENGINES:
            return wording.engines(t, services.reports.engines()), keyboards.screen(t, shown)
        case Screen.AUDIT:
            text = wording.audit(t, await services.admin.audit(), person.utc_offset_min)
            return text, keyboards.screen(t, shown)


async def _jobs(page: int, services: Services, t: Translator) -> tuple[str, InlineKeyboardMarkup]:
    found = await services.admin.open_jobs(page)
    job_ids = [line.job.id for line in found.lines]
    return wording.jobs(t, found), keyboards.jobs(t, job_ids, found.page, found.pages)


async def _edit(callback: CallbackQuery, text: str, markup: InlineKeyboardMarkup) -> None:
    if isinstance(callback.message, Message):
        with contextlib.suppress(TelegramBadRequest):  # the message was deleted meanwhile
            await callback.message.edit_text(text, reply_markup=markup)


async def _send_chart(bot: Bot, person: Person, services: Services, t: Translator, days: int) -> None:
    with contextlib.suppress(TelegramAPIError, Dropped):  # a courtesy; the chart takes a moment
        await bot.send_chat_action(person.id, "upload_photo")
    figures = await services.reports.figures(days, person.utc_offset_min)
    people = await services.admin.people([busy.user_id for busy in figures.busiest])
    caption = wording.statistics(t, figures, people, days=days)
    png = await services.reports.chart(t, figures, days, person.utc_offset_min)
    if png is None:
        await bot.send_message(person.id, caption)
        return
    await bot.send_photo(person.id, BufferedInputFile(png, "statistics.png"), caption=caption)


async def _switch_on(person: Person, services: Services, t: Translator, text: str) -> str:
    await services.maintenance.switch_on(person.id, text)
    await services.admin.record(person, "maintenance", "on")
    return t("admin-maintenance-on")


async def _switch_off(person: Person, services: Services, t: Translator) -> str:
    if not await services.maintenance.switch_off():
        return t("admin-maintenance-was-off")
    await services.admin.record(person, "maintenance", "off")
    return t("admin-maintenance-off")
