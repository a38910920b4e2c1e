"""/user, /quota, /ban and /unban: somebody by id, by @name, or by a reply to a message of theirs."""

from __future__ import annotations

import contextlib
import html
from dataclasses import dataclass

from aiogram import Bot, F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message, MessageOriginUser

from bot import clock
from bot.admin import asking, keyboards, wording
from bot.admin.keyboards import OnPerson, PersonAct
from bot.database.users import Person
from bot.queue.errors import NotFound
from bot.services import Services
from bot.texts import Translator
from handlers.admin_only import tell


def router() -> Router:
    """The routes of this conversation; handlers.admin lets admins only in."""
    routes = Router(name=__name__)
    routes.message(Command("user"))(show_person)
    # Without anything behind it, /quota is the admin's own, like everybody's.
    routes.message(Command("quota", magic=F.args))(quota)
    routes.message(Command("ban"))(ban)
    routes.message(Command("unban"))(unban)
    routes.callback_query(OnPerson.filter())(press)
    return routes


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whom a command is about, and the words behind that."""

    person: Person
    words: list[str]


async def show_person(
    message: Message, command: CommandObject, bot: Bot, person: Person, services: Services, t: Translator
) -> None:
    """Somebody's card."""
    asked = await _asked(message, command, bot, person, services, t)
    if asked is not None:
        card = await services.admin.card(person, asked.person)
        markup = keyboards.person(t, card.person.id, is_banned=card.person.is_banned, is_admin=card.is_admin)
        await tell(message, bot, person, wording.card(t, card, person.utc_offset_min), markup)


async def quota(
    message: Message, command: CommandObject, bot: Bot, person: Person, services: Services, t: Translator
) -> None:
    """Somebody's credits: shown, set, or changed for today."""
    asked = await _asked(message, command, bot, person, services, t)
    if asked is None:
        return
    if not asked.words:
        credits = await services.admin.credits(asked.person)
        await tell(message, bot, person, wording.quota(t, asked.person, credits, clock.utc_now()))
        return
    amount = asking.amount(asked.words[0])
    if amount is None:
        await tell(message, bot, person, t("admin-quota-usage", example=f"/quota {asked.person.id} 700"))
        return
    if asking.is_too_large(amount):
        await tell(message, bot, person, t("admin-quota-too-large", limit=asking.AMOUNT_LIMIT))
        return
    key = f"message:{message.chat.id}:{message.message_id}"
    credits = await services.admin.set_quota(person, asked.person, amount, key)
    who = wording.name(asked.person)
    if isinstance(amount, asking.Grant):
        text = t("admin-quota-granted", who=who, left=credits.left, delta=f"{amount.delta:+d}")
    else:
        text = t("admin-quota-set", who=who, daily=credits.daily, left=credits.left)
    await tell(message, bot, person, text)


async def ban(
    message: Message, command: CommandObject, bot: Bot, person: Person, services: Services, t: Translator
) -> None:
    """Close somebody's access."""
    asked = await _asked(message, command, bot, person, services, t)
    if asked is not None:
        await tell(message, bot, person, await _ban(person, asked.person, services, t))


async def unban(
    message: Message, command: CommandObject, bot: Bot, person: Person, services: Services, t: Translator
) -> None:
    """Open somebody's access again."""
    asked = await _asked(message, command, bot, person, services, t)
    if asked is not None:
        await tell(message, bot, person, await _unban(person, asked.person, services, t))


async def press(
    callback: CallbackQuery, callback_data: OnPerson, person: Person, services: Services, t: Translator
) -> None:
    """A button under a card: do it, and show the card anew."""
    target = await services.admin.find(asking.ById(callback_data.user_id))
    if target is None:
        await callback.answer(t.plain("toast-stale"), show_alert=True)
        return
    match callback_data.act:
        case PersonAct.BAN:
            await callback.answer(_as_plain(await _ban(person, target, services, t)))
        case PersonAct.UNBAN:
            await callback.answer(_as_plain(await _unban(person, target, services, t)))
        case PersonAct.GRANT:
            grant = asking.Grant(keyboards.GRANT_CREDITS)
            await services.admin.set_quota(person, target, grant, f"press:{callback.id}")
            await callback.answer(t.plain("toast-saved"))
        case PersonAct.DEFAULT:
            await services.admin.set_quota(person, target, asking.Daily(None), f"press:{callback.id}")
            await callback.answer(t.plain("toast-saved"))
        case PersonAct.SHOW:
            await callback.answer()
    if not isinstance(callback.message, Message):
        return
    with contextlib.suppress(TelegramBadRequest, NotFound):  # message or person are gone meanwhile
        card = await services.admin.fresh_card(target.id)
        markup = keyboards.person(t, target.id, is_banned=card.person.is_banned, is_admin=card.is_admin)
        await callback.message.edit_text(wording.card(t, card, person.utc_offset_min), reply_markup=markup)


async def _ban(admin: Person, target: Person, services: Services, t: Translator) -> str:
    if services.admin.is_admin(target.id):
        return t("admin-not-an-admin")
    stopped = await services.admin.ban(admin, target)
    if stopped is None:
        return t("admin-already-banned", who=wording.name(target))
    return t("admin-banned", who=wording.name(target), stopped=stopped)


async def _unban(admin: Person, target: Person, services: Services, t: Translator) -> str:
    is_open_now = await services.admin.unban(admin, target)
    return t("admin-unbanned" if is_open_now else "admin-not-banned", who=wording.name(target))


async def _asked(
    message: Message, command: CommandObject, bot: Bot, person: Person, services: Services, t: Translator
) -> _Asked | None:
    """Whom the command is about; None once the admin has been told why that is not clear."""
    words = (command.args or "").split()
    replied_id = _author_of(message.reply_to_message, bot)
    # In a reply the words are all about the author, unless they begin with somebody else.
    names_somebody = bool(words) and (len(words) > 1 or asking.amount(words[0]) is None)
    if replied_id is not None and not names_somebody:
        who: asking.Who | None = asking.ById(replied_id)
    elif words:
        who = asking.who(words.pop(0))
    else:
        who = None
    if who is None:
        await tell(message, bot, person, t("admin-who", example=f"/{command.command} @ann"))
        return None
    found = await services.admin.find(who)
    if found is None:
        named = str(who.user_id) if isinstance(who, asking.ById) else f"@{who.username}"
        await tell(message, bot, person, t("admin-nobody", who=named))
        return None
    return _Asked(found, words)


def _author_of(message: Message | None, bot: Bot) -> int | None:
    """The human who wrote a message, also one that was forwarded here."""
    if message is None:
        return None
    if isinstance(message.forward_origin, MessageOriginUser):
        return message.forward_origin.sender_user.id
    author = message.from_user
    return None if author is None or author.id == bot.id or author.is_bot else author.id


def _as_plain(text: str) -> str:
    """A sentence about somebody as a toast: Telegram takes 200 characters and no markup."""
    return html.unescape(text)[:200]
