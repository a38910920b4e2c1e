"""The JSON bodies that the user side takes."""

from __future__ import annotations

from typing import Annotated, Literal

from aiogram import types
from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[int, Field(gt=-(2**52), lt=2**52)]  # Telegram's ids have at most 52 significant bits


class Body(BaseModel):
    """A body without unknown fields: a misspelt one is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class NewUser(Body):
    """`POST /sandbox/users`."""

    first_name: str = Field(min_length=1, max_length=64)
    last_name: str | None = Field(default=None, max_length=64)
    username: str | None = Field(default=None, pattern=r"^[A-Za-z][A-Za-z0-9_]{2,31}$")
    language_code: str | None = Field(default=None, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*$")
    id: int | None = Field(default=None, gt=0, lt=2**52)

    def user(self, user_id: int) -> types.User:
        """Returns the user with the id given or chosen."""
        return types.User(
            id=user_id,
            is_bot=False,
            first_name=self.first_name,
            last_name=self.last_name,
            username=self.username,
            language_code=self.language_code,
        )


class NewGroup(Body):
    """`POST /sandbox/chats`; the first member is the owner."""

    type: Literal["group", "supergroup"]
    title: str = Field(min_length=1, max_length=128)
    member_ids: list[Id] = Field(min_length=1, max_length=200)
    is_forum: bool = False


class NewTopic(Body):
    """`POST /sandbox/chats/{chat_id}/topics`."""

    from_id: Id
    name: str = Field(min_length=1, max_length=128)


class BotPlace(Body):
    """`POST /sandbox/chats/{chat_id}/bot`."""

    status: Literal["administrator", "member", "left", "kicked"]


class NewReaction(Body):
    """`POST /sandbox/reactions`; no emoji takes the reaction away."""

    from_id: Id
    chat_id: Id
    message_id: Id
    emoji: str | None = None


class NewPress(Body):
    """`POST /sandbox/callbacks`. The data need not be on the button: a modified client can send anything.

    The message is named by the one of its two ids that is not 0.
    """

    from_id: Id
    chat_id: Id
    message_id: Id = 0
    ephemeral_message_id: Id | None = None
    data: str = Field(min_length=1)


class Block(Body):
    """`POST /sandbox/users/{user_id}/block`; without a bot id it is about every bot."""

    blocked: bool
    bot_id: Id | None = None
