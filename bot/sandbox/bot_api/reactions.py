"""setMessageReaction, and which emoji can be reactions."""

from __future__ import annotations

from aiogram import methods, types

from bot.sandbox import chatroom, errors
from bot.sandbox.bot_api import addressing
from bot.sandbox.bot_api.calls import Call, implements

EMOJI_STYLE = "\ufe0f"  # a selector that some clients write and Telegram does not
FREE = (  # Bot API, ReactionTypeEmoji
    "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 "
    "🍾 💋 🖕 😈 😴 😭 🤓 👻 👨\u200d💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 "
    "🤷\u200d♂ 🤷 🤷\u200d♀ 😡"
)
EMOJI = frozenset(FREE.split())


@implements(methods.SetMessageReaction)
async def set_message_reaction(call: Call, ask: methods.SetMessageReaction) -> bool:
    """Sets the bot's reaction, or takes it away."""
    chat = addressing.writable_chat(call, ask.chat_id)
    message = call.world.messages.get(chat.id, ask.message_id)
    if message is None:
        raise errors.BadRequest("message to react not found")
    if len(ask.reaction or ()) > 1:
        raise errors.BadRequest("REACTIONS_TOO_MANY")
    wanted = next(iter(ask.reaction or ()), None)
    if wanted is not None and not isinstance(wanted, types.ReactionTypeEmoji):
        raise errors.BadRequest("REACTION_INVALID")
    chatroom.react(call.world, message, call.bot, None if wanted is None else checked(wanted.emoji))
    return True


def checked(emoji: str) -> str:
    """Returns an emoji that can be a reaction without a subscription; raises BadRequest for others."""
    plain = emoji.replace(EMOJI_STYLE, "")
    if plain not in EMOJI:
        raise errors.BadRequest("REACTION_INVALID")
    return plain
