from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import Response, SendMessage, TelegramMethod
from aiogram.types import (
    CopyTextButton,
    DisabledButton,
    EphemeralMessageParameters,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
)
from hypothesis import given
from hypothesis import strategies as st

from bot.manners import Feature, Manners, features_of, without

BOT = Bot("42:" + "a" * 35)
BUTTONS = {
    Feature.STYLE: InlineKeyboardButton(text="Go", callback_data="go", style="primary"),
    Feature.COPY_TEXT: InlineKeyboardButton(text="Copy", copy_text=CopyTextButton(text="a cat")),
    Feature.DISABLED: InlineKeyboardButton(text="Used", disabled=DisabledButton()),
}


def message(*features: Feature, chat_id: int = 7) -> SendMessage:
    buttons = [[BUTTONS[feature]] for feature in features if feature in BUTTONS]
    return SendMessage(
        chat_id=chat_id,
        text="hello",
        reply_markup=InlineKeyboardMarkup(inline_keyboard=buttons) if buttons else None,
        ephemeral_message_parameters=EphemeralMessageParameters(receiver_user_id=1)
        if Feature.EPHEMERAL in features
        else None,
    )


class Server:
    """A Bot API server that does not know some features."""

    def __init__(self, *unknown: Feature, refusal: str = "can't parse inline keyboard button") -> None:
        self.unknown = frozenset(unknown)
        self.refusal = refusal
        self.calls: list[frozenset[Feature]] = []

    async def __call__(self, bot: Bot, method: TelegramMethod[Any]) -> Response[Any]:
        used = features_of(method)
        self.calls.append(used)
        if used & self.unknown:
            raise TelegramBadRequest(method=method, message=self.refusal)
        return Response(ok=True, result=True)


@pytest.fixture
def send() -> Callable[..., Any]:
    manners = Manners()

    async def call(server: Server, *features: Feature, chat_id: int = 7) -> Response[Any]:
        return await manners(server, BOT, message(*features, chat_id=chat_id))

    return call


@pytest.mark.parametrize("feature", list(Feature))
async def test_what_a_server_does_not_know_is_left_out_from_then_on(send: Callable[..., Any], feature: Feature) -> None:
    server = Server(feature)
    await send(server, feature)
    await send(server, feature)
    assert server.calls == [{feature}, frozenset(), frozenset()]


async def test_only_the_culprit_is_left_out(send: Callable[..., Any]) -> None:
    server = Server(Feature.COPY_TEXT)
    await send(server, Feature.COPY_TEXT, Feature.DISABLED, Feature.STYLE)
    await send(server, Feature.COPY_TEXT, Feature.DISABLED, Feature.STYLE)
    assert server.calls[-1] == {Feature.DISABLED, Feature.STYLE}


async def test_a_server_that_knows_none_of_them_gets_a_plain_message(send: Callable[..., Any]) -> None:
    server = Server(Feature.COPY_TEXT, Feature.STYLE)
    await send(server, Feature.COPY_TEXT, Feature.STYLE)
    assert server.calls[-1] == frozenset()


async def test_what_was_accepted_once_is_not_doubted_again(send: Callable[..., Any]) -> None:
    await send(Server(), Feature.STYLE)
    broken = Server(Feature.STYLE)
    with pytest.raises(TelegramBadRequest):
        await send(broken, Feature.STYLE)
    assert len(broken.calls) == 1


async def test_a_refusal_that_no_feature_causes_is_raised_at_once(send: Callable[..., Any]) -> None:
    server = Server(Feature.STYLE, refusal="Bad Request: chat not found")
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await send(server, Feature.STYLE)
    assert len(server.calls) == 1


async def test_a_refusal_that_stays_is_raised_as_it_was_and_teaches_nothing(send: Callable[..., Any]) -> None:
    class Grumpy(Server):
        async def __call__(self, bot: Bot, method: TelegramMethod[Any]) -> Response[Any]:
            self.calls.append(features_of(method))
            raise TelegramBadRequest(method=method, message="no")

    grumpy = Grumpy()
    with pytest.raises(TelegramBadRequest, match="no"):
        await send(grumpy, Feature.STYLE)
    server = Server()
    await send(server, Feature.STYLE)
    assert server.calls == [{Feature.STYLE}]


async def test_ephemeral_messages_are_judged_by_chat(send: Callable[..., Any]) -> None:
    await send(Server(Feature.EPHEMERAL), Feature.EPHEMERAL, chat_id=-1)
    server = Server()
    await send(server, Feature.EPHEMERAL, chat_id=-1)
    await send(server, Feature.EPHEMERAL, chat_id=-2)
    assert server.calls == [frozenset(), {Feature.EPHEMERAL}]


async def test_an_ephemeral_message_that_is_refused_once_is_said_aloud_once(send: Callable[..., Any]) -> None:
    await send(Server(), Feature.EPHEMERAL)
    late = Server(Feature.EPHEMERAL, refusal="EPHEMERAL_EXPIRED")
    await send(late, Feature.EPHEMERAL)
    assert late.calls == [{Feature.EPHEMERAL}, frozenset()]
    server = Server()
    await send(server, Feature.EPHEMERAL)
    assert server.calls == [{Feature.EPHEMERAL}]


@given(used=st.lists(st.sampled_from(Feature), max_size=6), left_out=st.sets(st.sampled_from(Feature)))
def test_what_is_left_out_is_gone_and_the_rest_stays(used: list[Feature], left_out: set[Feature]) -> None:
    assert features_of(without(message(*used), left_out)) == set(used) - left_out


def test_a_keyboard_without_buttons_is_no_keyboard() -> None:
    bare = without(message(Feature.COPY_TEXT, Feature.DISABLED), Feature)
    assert isinstance(bare, SendMessage)
    assert bare.reply_markup is None


def test_a_button_without_its_style_still_works() -> None:
    plain = without(message(Feature.STYLE), [Feature.STYLE])
    assert isinstance(plain, SendMessage)
    assert isinstance(plain.reply_markup, InlineKeyboardMarkup)
    [[button]] = plain.reply_markup.inline_keyboard
    assert (button.callback_data, button.style) == ("go", None)
