"""Chats and their members."""

from __future__ import annotations

from aiogram import methods, types

from bot.sandbox import chatroom, errors
from bot.sandbox.bot_api import addressing
from bot.sandbox.bot_api.calls import Call, implements

ACCENT_COLOR_COUNT = 7
Member = (
    types.ChatMemberOwner
    | types.ChatMemberAdministrator
    | types.ChatMemberMember
    | types.ChatMemberLeft
    | types.ChatMemberBanned
)


@implements(methods.GetChat)
async def get_chat(call: Call, ask: methods.GetChat) -> types.ChatFullInfo:
    """Describes a chat with its pinned message."""
    chat = addressing.chat(call, ask.chat_id)
    pinned_id = call.world.people.pinned_id(chat.id)
    return types.ChatFullInfo(
        **chat.model_dump(exclude_none=True),
        accent_color_id=abs(chat.id) % ACCENT_COLOR_COUNT,
        max_reaction_count=11,
        accepted_gift_types=types.AcceptedGiftTypes(
            unlimited_gifts=False,
            limited_gifts=False,
            unique_gifts=False,
            premium_subscription=False,
            gifts_from_channels=False,
        ),
        pinned_message=None if pinned_id is None else call.world.messages.get(chat.id, pinned_id),
    )


@implements(methods.GetChatMember)
async def get_chat_member(call: Call, ask: methods.GetChatMember) -> Member:
    """Tells the status of one member."""
    chat = addressing.chat(call, ask.chat_id)
    user = call.world.people.user(ask.user_id) or call.world.people.bot(ask.user_id)
    if user is None:
        raise errors.BadRequest("user not found")
    is_own_chat = chat.type == "private" and user.id == call.bot.id
    return _member(user, "member" if is_own_chat else call.world.people.status(chat.id, user.id))


@implements(methods.GetChatAdministrators)
async def get_chat_administrators(call: Call, ask: methods.GetChatAdministrators) -> list[Member]:
    """Lists owner and administrators of a group."""
    chat = addressing.chat(call, ask.chat_id)
    if chat.type == "private":
        raise errors.BadRequest("there are no administrators in the private chat")
    people = call.world.people
    found = (
        (people.user(user_id) or people.bot(user_id), status) for user_id, status in people.members(chat.id).items()
    )
    return [_member(user, status) for user, status in found if user is not None and status != "member"]


@implements(methods.GetChatMemberCount)
async def get_chat_member_count(call: Call, ask: methods.GetChatMemberCount) -> int:
    """Counts members; a private chat has two."""
    chat = addressing.chat(call, ask.chat_id)
    return 2 if chat.type == "private" else len(call.world.people.members(chat.id))


@implements(methods.LeaveChat)
async def leave_chat(call: Call, ask: methods.LeaveChat) -> bool:
    """Leaves a group."""
    chat = addressing.writable_chat(call, ask.chat_id)
    if chat.type == "private":
        raise errors.BadRequest("chat member status can't be changed in private chats")
    with call.world.database.transaction():
        call.world.people.set_member(chat.id, call.bot.id, "left")
        chatroom.change_membership(call.world, call.bot, chat, by=call.bot, old="member", new="left")
    return True


def _member(user: types.User, status: str) -> Member:
    who = chatroom.bare(user)
    if status == "creator":
        return types.ChatMemberOwner(user=who, is_anonymous=False)
    if status != "administrator":
        return chatroom.member(user, status)
    return types.ChatMemberAdministrator(
        user=who,
        can_be_edited=False,
        is_anonymous=False,
        can_manage_chat=True,
        can_delete_messages=True,
        can_manage_video_chats=False,
        can_restrict_members=False,
        can_promote_members=False,
        can_change_info=False,
        can_invite_users=True,
        can_post_stories=False,
        can_edit_stories=False,
        can_delete_stories=False,
        can_send_welcome_messages=False,
    )
