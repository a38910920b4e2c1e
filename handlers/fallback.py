"""What nobody else understood: kind answers, and a quiet end for what cannot be answered."""

from __future__ import annotations

import contextlib

import structlog
from aiogram import F, Router
from aiogram.enums import ContentType
from aiogram.exceptions import TelegramAPIError, TelegramForbiddenError
from aiogram.types import CallbackQuery, ErrorEvent, Message

from bot import wording
from bot.database.users import Person
from bot.services import Services
from bot.texts import Translator
from handlers import screens

log = structlog.get_logger(__name__)

_KINDS = {
    ContentType.PHOTO: "photo",
    ContentType.STICKER: "sticker",
    ContentType.VOICE: "voice",
    ContentType.AUDIO: "voice",
    ContentType.VIDEO: "video",
    ContentType.VIDEO_NOTE: "video",
    ContentType.ANIMATION: "video",
    ContentType.DOCUMENT: "document",
}
# What clients send on their own; nobody waits for an answer to it.
_SILENT = F.content_type.in_(
    {
        ContentType.PINNED_MESSAGE,
        ContentType.NEW_CHAT_MEMBERS,
        ContentType.LEFT_CHAT_MEMBER,
        ContentType.MESSAGE_AUTO_DELETE_TIMER_CHANGED,
        ContentType.WRITE_ACCESS_ALLOWED,
    }
)


def router() -> Router:
    """The routes of this conversation; it comes last."""
    routes = Router(name=__name__)
    routes.message(F.chat.type == "private", ~_SILENT)(not_understood)
    routes.callback_query()(stale_button)
    routes.error()(failed)
    return routes


async def not_understood(message: Message, services: Services, t: Translator) -> None:
    """Say what can be done instead."""
    if message.text is not None and message.text.startswith("/"):
        await message.answer(t("unknown-command"))
    elif message.text is not None:
        await message.answer(t("bad-empty", example=wording.example_prompt(t, services.profile, 1)))
    else:
        await message.answer(t(f"bad-{_KINDS.get(ContentType(message.content_type), 'other')}"))


async def stale_button(callback: CallbackQuery, t: Translator) -> None:
    """Answer a button of an older version, or forged data."""
    await screens.toast(callback, t.plain("toast-stale"), alert=True)


async def failed(
    event: ErrorEvent, services: Services, person: Person | None = None, t: Translator | None = None
) -> None:
    """Note who cannot be reached; log every other failure without what the user wrote, and tell the user of it."""
    update = event.update
    if isinstance(event.exception, TelegramForbiddenError):
        log.info("owner_unreachable", update_id=update.update_id)
        if person is not None and _is_private(event):
            await services.users.set_blocked(person.id, True)
        return
    log.error("handler_failed", update_id=update.update_id, exc_info=event.exception)
    if t is None:
        return
    with contextlib.suppress(TelegramAPIError):  # the failure has been logged; its user may be out of reach too
        if update.callback_query is not None:
            await update.callback_query.answer(t.plain("problem-unexpected"), show_alert=True)
        elif update.message is not None:
            await update.message.answer(t("problem-unexpected"))


def _is_private(event: ErrorEvent) -> bool:
    """What failed was an answer into a private chat."""
    press = event.update.callback_query
    message = event.update.message if press is None else press.message
    return message is not None and message.chat.type == "private"
