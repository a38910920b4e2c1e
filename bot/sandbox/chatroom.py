"""What happens when somebody writes: the message is kept, browsers see it, and the right bots get an update."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from aiogram import types

from bot.sandbox import hub
from bot.sandbox.store.messages import dump, row_id_of
from bot.sandbox.store.people import BOT_TO_COME
from bot.sandbox.world import World

# Types that a bot gets only when it names them (Bot API, getUpdates, allowed_updates).
UPDATES_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})

FOREVER = datetime.fromtimestamp(0, UTC)  # Telegram writes 0 for a ban without an end

UpdateKind = Literal["message", "edited_message", "callback_query", "my_chat_member", "message_reaction"]


def register_bot(world: World, bot_id: int, name: str = "Sandbox bot", username: str = "") -> types.User:
    """Returns the bot of a token. The first one that ever calls finds what was written before it came."""
    known = world.people.bot(bot_id)
    if known is not None:
        return known
    bot = types.User(
        id=bot_id,
        is_bot=True,
        first_name=name,
        username=username or f"sandbox_{bot_id}_bot",
        can_join_groups=True,
        can_read_all_group_messages=False,
        supports_inline_queries=False,
        has_main_web_app=False,
    )
    with world.database.transaction():
        is_first = not world.people.bots()
        world.people.add_bot(bot)
        if is_first:
            world.updates.adopt(bot_id)
            for chat in world.people.chats():
                if chat.type != "private":
                    join(world, bot, chat)
    return bot


def join(world: World, bot: types.User, chat: types.Chat) -> None:
    """Makes a bot a member of a group and tells it so."""
    members = world.people.members(chat.id)
    inviter = next((world.people.user(user_id) for user_id, status in members.items() if status == "creator"), None)
    with world.database.transaction():
        world.people.set_member(chat.id, bot.id, "member")
        change_membership(world, bot, chat, by=inviter or bot, old="left", new="member")


def change_membership(world: World, bot: types.User, chat: types.Chat, *, by: types.User, old: str, new: str) -> None:
    """Tells a bot that its place in a chat has changed."""
    change = types.ChatMemberUpdated(
        chat=chat,
        from_user=bare(by),
        date=world.now(),
        old_chat_member=member(bot, old),
        new_chat_member=member(bot, new),
    )
    queue_update(world, bot.id, "my_chat_member", types.Update(update_id=0, my_chat_member=change))


def member(user: types.User, status: str) -> types.ChatMemberMember | types.ChatMemberLeft | types.ChatMemberBanned:
    """Returns a ChatMember object for the statuses that a bot can have here."""
    who = bare(user)
    if status == "kicked":
        return types.ChatMemberBanned(user=who, until_date=FOREVER)
    if status == "left":
        return types.ChatMemberLeft(user=who)
    return types.ChatMemberMember(user=who)


def bare(user: types.User) -> types.User:
    """Returns a user without what only `getMe` tells."""
    return types.User(
        id=user.id,
        is_bot=user.is_bot,
        first_name=user.first_name,
        last_name=user.last_name,
        username=user.username,
        language_code=user.language_code,
    )


def envelope(world: World, chat: types.Chat, author: types.User, **content: object) -> types.Message:
    """Returns a message of now that has no id yet; `content` names fields of a Bot API Message."""
    empty = types.Message(message_id=0, date=world.now(), chat=chat, from_user=bare(author))
    return empty.model_copy(update=content)


def post(world: World, message: types.Message, author_id: int) -> types.Message:
    """Keeps a new message and shows it, to its receiver alone if it has one; returns it with its id."""
    with world.database.transaction():
        posted = world.messages.add(message, author_id)
        _show(world, "message", posted)
    return posted


def revise(world: World, message: types.Message) -> types.Message:
    """Keeps the edited form of a message and shows it."""
    with world.database.transaction():
        world.messages.save(message)
        _show(world, "edit", message)
    return message


def remove(world: World, message: types.Message) -> None:
    """Deletes a message everywhere."""
    chat_id, row_id = message.chat.id, row_id_of(message)
    receiver = message.receiver_user
    name = "message_id" if receiver is None else "ephemeral_message_id"
    data = hub.to_json(chat_id=chat_id, **{name: row_id})
    with world.database.transaction():
        world.messages.delete(chat_id, row_id)
        world.database.after_commit(
            lambda: world.hub.publish("delete", chat_id, data, None if receiver is None else receiver.id)
        )


def react(world: World, message: types.Message, who: types.User, emoji: str | None) -> None:
    """Sets or takes away a reaction and shows it; the bots that may know are told of a user's."""
    chat, message_id = message.chat, message.message_id
    with world.database.transaction():
        before = world.reactions.of(message_id, who.id)
        if before == emoji:
            return
        world.reactions.put(message_id, who.id, emoji)
        data = hub.to_json(chat_id=chat.id, message_id=message_id, user_id=who.id, emoji=emoji)
        world.database.after_commit(lambda: world.hub.publish("reaction", chat.id, data))
        if who.is_bot:
            return
        change = types.MessageReactionUpdated(
            chat=chat,
            message_id=message_id,
            user=bare(who),
            date=world.now(),
            old_reaction=_reaction(before),
            new_reaction=_reaction(emoji),
        )
        for bot in world.people.bots():
            if sees_reactions(world, bot, chat):
                queue_update(world, bot.id, "message_reaction", types.Update(update_id=0, message_reaction=change))


def sees_reactions(world: World, bot: types.User, chat: types.Chat) -> bool:
    """Says whether a bot learns of reactions in a chat: in groups only as an administrator."""
    if chat.type == "private":
        return not world.people.has_blocked(chat.id, bot.id)
    return world.people.status(chat.id, bot.id) == "administrator"


def _reaction(emoji: str | None) -> list[types.ReactionTypeUnion]:
    return [] if emoji is None else [types.ReactionTypeEmoji(emoji=emoji)]


def say(world: World, message: types.Message, *, only_bot: int | None = None) -> types.Message:
    """Keeps what a user wrote and queues it for every bot that may read it."""
    author_id = message.from_user.id if message.from_user else 0
    with world.database.transaction():
        posted = post(world, message, author_id)
        for bot_id in readers(world, posted):
            if only_bot in (None, bot_id):
                queue_update(world, bot_id, "message", types.Update(update_id=0, message=posted))
    return posted


def queue_update(world: World, bot_id: int, kind: UpdateKind, update: types.Update) -> None:
    """Queues an update unless the bot has asked not to get this type, and wakes the bot after the commit."""
    allowed = world.people.allowed_updates(bot_id)
    if kind in UPDATES_ON_REQUEST if allowed is None else kind not in allowed:
        return
    world.updates.add(bot_id, update)
    world.database.after_commit(lambda: world.hub.updates_arrived(bot_id))


def readers(world: World, message: types.Message) -> Iterable[int]:
    """Returns the bots that get a user's message: in groups, privacy mode hides what is not meant for them."""
    bots = world.people.bots()
    if not bots:
        return [BOT_TO_COME]
    if message.chat.type == "private":
        return [bot.id for bot in bots if not world.people.has_blocked(message.chat.id, bot.id)]
    members = world.people.members(message.chat.id)
    return [
        bot.id
        for bot in bots
        if bot.id in members and (members[bot.id] == "administrator" or is_meant_for(message, bot))
    ]


def is_meant_for(message: types.Message, bot: types.User) -> bool:
    """Says whether a message in a group addresses a bot: a command, a mention, or a reply to it."""
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == bot.id:
        return True
    text = message.text or message.caption or ""
    at_bot = f"@{bot.username}".lower()
    for entity in message.entities or message.caption_entities or ():
        words = entity.extract_from(text).lower()
        if entity.type == "mention" and words == at_bot:
            return True
        if entity.type == "text_mention" and entity.user is not None and entity.user.id == bot.id:
            return True
        if entity.type == "bot_command" and ("@" not in words or words.endswith(at_bot)):
            return True
    return False


def _show(world: World, kind: str, message: types.Message) -> None:
    data = f'{{"chat_id":{message.chat.id},"message":{dump(message)}}}'
    only_for = None if message.receiver_user is None else message.receiver_user.id
    world.database.after_commit(lambda: world.hub.publish(kind, message.chat.id, data, only_for))
