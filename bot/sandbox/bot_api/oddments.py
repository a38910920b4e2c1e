"""Messages that an image bot hardly sends, yet a bot of another kind may: places, contacts, dice, polls."""

from __future__ import annotations

import secrets

from aiogram import methods, types

from bot.sandbox import chatroom, errors
from bot.sandbox.bot_api import addressing, rules
from bot.sandbox.bot_api.calls import Call, given, implements

DICE_FACES = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "🎰": 64}
POLL_OPTIONS = range(1, 13)

Ask = methods.SendLocation | methods.SendVenue | methods.SendContact | methods.SendDice | methods.SendPoll


@implements(methods.SendLocation)
async def send_location(call: Call, ask: methods.SendLocation) -> types.Message:
    """Sends a point on the map."""
    return _send(call, ask, location=types.Location(latitude=ask.latitude, longitude=ask.longitude))


@implements(methods.SendVenue)
async def send_venue(call: Call, ask: methods.SendVenue) -> types.Message:
    """Sends a place with a name."""
    location = types.Location(latitude=ask.latitude, longitude=ask.longitude)
    venue = types.Venue(location=location, title=ask.title, address=ask.address)
    return _send(call, ask, venue=venue, location=location)


@implements(methods.SendContact)
async def send_contact(call: Call, ask: methods.SendContact) -> types.Message:
    """Sends a phone number with a name."""
    contact = types.Contact(phone_number=ask.phone_number, first_name=ask.first_name, last_name=ask.last_name)
    return _send(call, ask, contact=contact)


@implements(methods.SendDice)
async def send_dice(call: Call, ask: methods.SendDice) -> types.Message:
    """Throws a die."""
    emoji = ask.emoji or "🎲"
    if emoji not in DICE_FACES:
        raise errors.BadRequest("EMOTICON_INVALID")
    return _send(call, ask, dice=types.Dice(emoji=emoji, value=1 + secrets.randbelow(DICE_FACES[emoji])))


@implements(methods.SendPoll)
async def send_poll(call: Call, ask: methods.SendPoll) -> types.Message:
    """Sends a poll; nobody can vote here."""
    options = [option if isinstance(option, str) else option.text for option in ask.options]
    if len(options) not in POLL_OPTIONS:
        raise errors.BadRequest("poll must have from 1 to 12 options")
    poll = types.Poll(
        id=str(secrets.randbits(60)),
        question=rules.text(ask.question, given(ask.question_parse_mode), ask.question_entities).text,
        options=[types.PollOption(persistent_id=str(n), text=text, voter_count=0) for n, text in enumerate(options)],
        total_voter_count=0,
        is_closed=False,
        is_anonymous=ask.is_anonymous is not False,
        type=ask.type or "regular",
        allows_multiple_answers=bool(ask.allows_multiple_answers),
        allows_revoting=True,
        members_only=False,
    )
    return _send(call, ask, poll=poll)


def _send(call: Call, ask: Ask, **content: object) -> types.Message:
    chat = addressing.writable_chat(call, ask.chat_id)
    keyboard = rules.keyboard(ask.reply_markup, is_private=chat.type == "private")
    reply = addressing.reply_target(
        call, chat, ask.reply_parameters, ask.reply_to_message_id, ask.allow_sending_without_reply
    )
    topic = addressing.topic(call.world, chat, ask.message_thread_id, reply)
    addressing.spend(call, chat)
    message = chatroom.envelope(
        call.world, chat, call.bot, reply_to_message=reply, reply_markup=keyboard, **topic, **content
    )
    return chatroom.post(call.world, message, call.bot.id)
