"""In a group, what a handler answers is for the one who asked: it goes as an ephemeral message, in the same topic.

Handlers need not know: while an update from a group is handled, `to` names the asker, and the session turns the texts
that are sent to that chat into messages that only the asker sees. What is for everybody is sent inside `aloud`. An
ephemeral message has no message id, so edits of the one whose button was pressed become edits of ephemeral messages.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Final, cast

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import (
    DeleteEphemeralMessage,
    DeleteMessage,
    EditEphemeralMessageCaption,
    EditEphemeralMessageMedia,
    EditEphemeralMessageReplyMarkup,
    EditEphemeralMessageText,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageReplyMarkup,
    EditMessageText,
    Response,
    SendMessage,
    TelegramMethod,
)
from aiogram.methods.base import TelegramType
from aiogram.types import EphemeralMessageParameters, ReplyParameters
from pydantic import BaseModel

EPHEMERAL_ID: Final = 0  # the message_id of every ephemeral message (Bot API)
CHANGES: Final[dict[type[BaseModel], type[TelegramMethod[bool]]]] = {
    EditMessageText: EditEphemeralMessageText,
    EditMessageCaption: EditEphemeralMessageCaption,
    EditMessageMedia: EditEphemeralMessageMedia,
    EditMessageReplyMarkup: EditEphemeralMessageReplyMarkup,
    DeleteMessage: DeleteEphemeralMessage,
}


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked in which group: by a message, or by a button of a message that perhaps only they see."""

    chat_id: int
    user_id: int
    message_id: int | None = None
    callback_query_id: str | None = None
    ephemeral_message_id: int | None = None
    topic_id: int | None = None
    is_for_all: bool = False


_asker: ContextVar[Asker | None] = ContextVar("asker", default=None)


@contextlib.contextmanager
def to(asker: Asker) -> Iterator[None]:
    """What is answered inside is for the asker alone."""
    token = _asker.set(asker)
    try:
        yield
    finally:
        _asker.reset(token)


@contextlib.contextmanager
def aloud() -> Iterator[None]:
    """What is sent inside is for the whole chat; it still goes to the asker's topic."""
    asker = _asker.get()
    token = _asker.set(asker and replace(asker, is_for_all=True))
    try:
        yield
    finally:
        _asker.reset(token)


class Whispering(BaseRequestMiddleware):
    """Sends the answers to an asker to nobody else."""

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        asker = _asker.get()
        if asker is not None and getattr(method, "chat_id", None) == asker.chat_id:
            method = whispered(method, asker)
        return await make_request(bot, method)


def whispered(method: TelegramMethod[TelegramType], asker: Asker) -> TelegramMethod[TelegramType]:
    """A call to the asker's chat as one that only the asker sees; media stay visible to everybody."""
    if asker.topic_id is not None and getattr(method, "message_thread_id", asker.topic_id) is None:
        method = method.model_copy(update={"message_thread_id": asker.topic_id})
    if asker.is_for_all:
        return method
    if isinstance(method, SendMessage):
        private = EphemeralMessageParameters(receiver_user_id=asker.user_id, callback_query_id=asker.callback_query_id)
        # The reply says whom a server means that does not know ephemeral messages and shows this to everybody.
        changes = {"ephemeral_message_parameters": private, "reply_parameters": _reply(asker)}
        return cast("TelegramMethod[TelegramType]", method.model_copy(update=changes))
    if getattr(method, "message_id", None) == EPHEMERAL_ID and type(method) in CHANGES:
        change = CHANGES[type(method)]
        shared = {name: getattr(method, name) for name in change.model_fields if name in type(method).model_fields}
        target = {"receiver_user_id": asker.user_id, "ephemeral_message_id": asker.ephemeral_message_id}
        return cast("TelegramMethod[TelegramType]", change(**shared, **target))
    reply: ReplyParameters | None = getattr(method, "reply_parameters", None)
    if reply is not None and reply.message_id == EPHEMERAL_ID:
        return method.model_copy(update={"reply_parameters": None})
    return method


def _reply(asker: Asker) -> ReplyParameters | None:
    if asker.message_id is None:
        return None
    return ReplyParameters(message_id=asker.message_id, allow_sending_without_reply=True)
