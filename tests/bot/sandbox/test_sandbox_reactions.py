from __future__ import annotations

import pytest
from aiogram import Bot, types
from aiogram.exceptions import TelegramBadRequest
from pydantic import JsonValue, TypeAdapter

from bot.sandbox.client import SandboxClient, SandboxRefused

REACTIONS = ["message", "message_reaction"]


async def shown(people: SandboxClient, chat_id: int) -> list[dict[str, JsonValue]]:
    async with people.http.get(f"/sandbox/chats/{chat_id}/reactions") as response:
        return TypeAdapter(list[dict[str, JsonValue]]).validate_json(await response.read())


async def changes(bot: Bot) -> list[tuple[list[str], list[str]]]:
    """What the bot is told, as the emoji before and after; it asks for nothing else."""
    found = [update.message_reaction for update in await bot.get_updates(allowed_updates=REACTIONS)]
    return [
        (
            [one.emoji for one in change.old_reaction if isinstance(one, types.ReactionTypeEmoji)],
            [one.emoji for one in change.new_reaction if isinstance(one, types.ReactionTypeEmoji)],
        )
        for change in found
        if change is not None
    ]


async def test_a_reaction_comes_changes_and_goes(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    await bot.get_updates(allowed_updates=REACTIONS)
    sent = await bot.send_message(ann.id, "a picture")
    await people.react(ann, sent, "❤️")
    await people.react(ann, sent, "❤")  # the same heart
    await people.react(ann, sent, "🔥")
    assert await shown(people, ann.id) == [{"message_id": sent.message_id, "user_id": ann.id, "emoji": "🔥"}]
    await people.react(ann, sent, None)
    assert await shown(people, ann.id) == []
    assert await changes(bot) == [([], ["❤"]), (["❤"], ["🔥"]), (["🔥"], [])]


async def test_a_bot_that_did_not_ask_hears_of_no_reaction(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    sent = await bot.send_message(ann.id, "a picture")
    await people.react(ann, sent, "❤")
    assert await bot.get_updates() == []


async def test_in_groups_only_an_administrator_hears_of_reactions(
    bot: Bot, people: SandboxClient, ann: types.User
) -> None:
    await bot.get_updates(allowed_updates=REACTIONS)
    group = await people.create_group("Painters", [ann])
    sent = await bot.send_message(group.id, "a picture")
    await people.react(ann, sent, "❤")
    assert await changes(bot) == []
    await people.place_bot(group, "administrator")
    await people.react(ann, sent, "🔥")
    assert await changes(bot) == [(["❤"], ["🔥"])]


async def test_a_bot_reacts_too_and_is_not_told_of_itself(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    await bot.get_updates(allowed_updates=["message_reaction"])
    said = await people.say(ann, "a cat")
    await bot.set_message_reaction(ann.id, said.message_id, [types.ReactionTypeEmoji(emoji="👀")])
    assert await shown(people, ann.id) == [{"message_id": said.message_id, "user_id": bot.id, "emoji": "👀"}]
    assert await changes(bot) == []
    with pytest.raises(TelegramBadRequest, match="REACTION_INVALID"):
        await bot.set_message_reaction(ann.id, said.message_id, [types.ReactionTypeEmoji(emoji="cat")])
    with pytest.raises(TelegramBadRequest, match="message to react not found"):
        await bot.set_message_reaction(ann.id, 999, [types.ReactionTypeEmoji(emoji="👀")])


async def test_reactions_that_no_client_can_make_are_refused(bot: Bot, people: SandboxClient, ann: types.User) -> None:
    sent = await bot.send_message(ann.id, "a picture")
    bea = await people.create_user("Bea")
    missing = sent.model_copy(update={"message_id": 999})
    for user, message, emoji, status in ((bea, sent, "❤", 403), (ann, missing, "❤", 404), (ann, sent, "cat", 400)):
        with pytest.raises(SandboxRefused) as refused:
            await people.react(user, message, emoji)
        assert refused.value.status == status
