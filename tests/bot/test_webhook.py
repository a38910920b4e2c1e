"""The webhook: 200 only after the update is stored, and only for who knows the secret."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
from aiogram import Bot
from aiogram.types import Update
from aiohttp.test_utils import TestClient, TestServer

from bot.webhook import SECRET_HEADER, Webhook

SECRET = "a-secret-of-the-operator"
BODY = {"update_id": 5, "message": {"message_id": 1, "date": 0, "chat": {"id": 7, "type": "private"}, "text": "hi"}}


class Stored:
    """An intake that remembers what it accepted, or fails as a full disk would."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.broken = False

    async def accept(self, updates: Sequence[Update]) -> None:
        if self.broken:
            raise OSError("disk full")
        self.ids.extend(update.update_id for update in updates)


@pytest.fixture
def stored() -> Stored:
    return Stored()


@pytest.fixture
async def client(stored: Stored) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]
    bot = Bot("42:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    hook = Webhook(bot, stored, path="/telegram", secret=SECRET)  # type: ignore[arg-type]
    async with TestClient(TestServer(hook.application())) as client:
        yield client
    await bot.session.close()


async def test_an_update_with_the_secret_is_stored_and_acknowledged(client: TestClient, stored: Stored) -> None:  # type: ignore[type-arg]
    answer = await client.post("/telegram", json=BODY, headers={SECRET_HEADER: SECRET})
    assert answer.status == 200
    assert stored.ids == [5]


@pytest.mark.parametrize("headers", [{}, {SECRET_HEADER: ""}, {SECRET_HEADER: "wrong"}, {SECRET_HEADER: SECRET[:-1]}])
async def test_nobody_without_the_secret_is_heard(client: TestClient, stored: Stored, headers: dict[str, str]) -> None:  # type: ignore[type-arg]
    answer = await client.post("/telegram", json=BODY, headers=headers)
    assert answer.status == 401
    assert stored.ids == []


async def test_an_update_that_could_not_be_stored_is_not_acknowledged(client: TestClient, stored: Stored) -> None:  # type: ignore[type-arg]
    stored.broken = True
    answer = await client.post("/telegram", json=BODY, headers={SECRET_HEADER: SECRET})
    assert answer.status == 500


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"update_id": "x"}'])
async def test_a_body_that_is_no_update_is_refused(client: TestClient, stored: Stored, body: bytes) -> None:  # type: ignore[type-arg]
    answer = await client.post("/telegram", data=body, headers={SECRET_HEADER: SECRET})
    assert answer.status == 400
    assert stored.ids == []


def test_a_webhook_without_a_secret_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="secret"):
        Webhook(None, None, path="/telegram", secret="")  # type: ignore[arg-type]
