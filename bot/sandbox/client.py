"""Plays users in tests: `ann = await sandbox.create_user("Ann")`, `await sandbox.say(ann, "a red circle")`.

A conversation test reads like the conversation. Waiting is bounded and follows the event stream, so nothing sleeps:

    async with SandboxClient(url) as sandbox:
        ann = await sandbox.create_user("Ann")
        asked = await sandbox.say(ann, "a red circle")
        picture = await sandbox.wait_for(ann, lambda message: message.photo, after=asked)
        await sandbox.press(ann, picture, "Again")
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import aiohttp
from aiogram import types
from pydantic import BaseModel, JsonValue, TypeAdapter

from bot.sandbox.store.callbacks import Answer
from bot.sandbox.store.messages import row_id_of

DEFAULT_TIMEOUT_S = 60.0
MESSAGES: TypeAdapter[list[types.Message]] = TypeAdapter(list[types.Message])

ChatLike = int | types.User | types.Chat | types.Message
Predicate = Callable[[types.Message], object]


class SandboxRefused(Exception):
    """The sandbox answered an error; `status` and the text say which."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(f"{status}: {description}")
        self.status = status
        self.description = description


class RecordedCall(BaseModel):
    """One call of the bot: status 200 is success, 0 a connection that was cut."""

    method: str
    parameters: dict[str, JsonValue]
    status: int
    at: float


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press whose answer can be awaited."""

    id: str
    chat_id: int


CALLS: TypeAdapter[list[RecordedCall]] = TypeAdapter(list[RecordedCall])


class SandboxClient:
    """Speaks to the user side of a sandbox. Chats are given as a user, a chat, a message in it, or an id."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> SandboxClient:
        self._session = aiohttp.ClientSession(self._url, timeout=aiohttp.ClientTimeout(total=None, sock_connect=10))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.http.close()
        self._session = None

    @property
    def http(self) -> aiohttp.ClientSession:
        """Returns the open session, for what this class does not wrap."""
        if self._session is None:
            raise RuntimeError("use `async with SandboxClient(url) as sandbox`")
        return self._session

    # People

    async def create_user(
        self, first_name: str, *, username: str | None = None, language_code: str | None = None, id: int | None = None
    ) -> types.User:
        """Makes a user; the private chat has the user's id."""
        body = {"first_name": first_name, "username": username, "language_code": language_code, "id": id}
        given: dict[str, JsonValue] = {field: value for field, value in body.items() if value is not None}
        return types.User.model_validate_json(await self._json("POST", "/sandbox/users", json=given))

    async def create_group(
        self, title: str, members: Sequence[types.User], *, kind: str = "supergroup", is_forum: bool = False
    ) -> types.Chat:
        """Makes a group of users with the bot in it; the first user owns it."""
        body: dict[str, JsonValue] = {"type": kind, "title": title, "member_ids": [member.id for member in members]}
        body["is_forum"] = is_forum
        return types.Chat.model_validate_json(await self._json("POST", "/sandbox/chats", json=body))

    async def open_topic(self, user: types.User, forum: types.Chat, name: str) -> types.Message:
        """Opens a topic in a forum; returns the message that says so."""
        body: dict[str, JsonValue] = {"from_id": user.id, "name": name}
        return types.Message.model_validate_json(
            await self._json("POST", f"/sandbox/chats/{forum.id}/topics", json=body)
        )

    async def place_bot(self, group: types.Chat, status: str) -> None:
        """Makes the bot an "administrator" or a "member" of a group, or removes it ("left", "kicked")."""
        await self._json("POST", f"/sandbox/chats/{group.id}/bot", json={"status": status})

    async def block(self, user: types.User, *, blocked: bool = True) -> None:
        """Lets a user block the bot, or unblock it."""
        await self._json("POST", f"/sandbox/users/{user.id}/block", json={"blocked": blocked})

    # Writing

    async def say(
        self,
        user: types.User,
        text: str,
        *,
        chat: ChatLike | None = None,
        reply_to: types.Message | None = None,
        topic: types.Message | None = None,
    ) -> types.Message:
        """Sends text, in the private chat unless another is given; `topic` is the message that opened it."""
        thread = {} if topic is None else {"message_thread_id": str(topic.message_id)}
        return await self._write(user, chat, {"text": text, **thread, **_reply(reply_to)})

    async def send_photo(
        self,
        user: types.User,
        photo: bytes | Path,
        *,
        caption: str = "",
        chat: ChatLike | None = None,
        reply_to: types.Message | None = None,
        album: str = "",
    ) -> types.Message:
        """Sends a picture; pictures with the same `album` belong together."""
        fields = {"caption": caption, "media_group_id": album, **_reply(reply_to)}
        return await self._write(user, chat, fields, photo=photo)

    async def send_document(
        self,
        user: types.User,
        document: bytes | Path,
        *,
        name: str = "file.png",
        caption: str = "",
        chat: ChatLike | None = None,
    ) -> types.Message:
        """Sends a file as it is."""
        return await self._write(user, chat, {"caption": caption}, document=document, name=name)

    async def _write(
        self,
        user: types.User,
        chat: ChatLike | None,
        fields: dict[str, str],
        *,
        photo: bytes | Path | None = None,
        document: bytes | Path | None = None,
        name: str = "photo.png",
    ) -> types.Message:
        form = aiohttp.FormData({"from_id": str(user.id), **{key: value for key, value in fields.items() if value}})
        for field, content in (("photo", photo), ("document", document)):
            if content is not None:
                data = content if isinstance(content, bytes) else await asyncio.to_thread(content.read_bytes)
                form.add_field(field, io.BytesIO(data), filename=name if isinstance(content, bytes) else content.name)
        path = f"/sandbox/chats/{_chat_id(user if chat is None else chat)}/messages"
        return types.Message.model_validate_json(await self._json("POST", path, data=form))

    # Pressing

    async def press(self, user: types.User, message: types.Message, button: str) -> Pressed:
        """Presses the button with this label; a text that is no label is sent as callback data, as forgers do."""
        body: dict[str, JsonValue] = {
            "from_id": user.id,
            "chat_id": message.chat.id,
            "message_id": message.message_id,
            "ephemeral_message_id": message.ephemeral_message_id,
            "data": callback_data(message, button) or button,
        }
        found = TypeAdapter(dict[str, str]).validate_json(await self._json("POST", "/sandbox/callbacks", json=body))
        return Pressed(found["id"], message.chat.id)

    async def react(self, user: types.User, message: types.Message, emoji: str | None) -> None:
        """Puts an emoji on a message; None takes it away."""
        body: dict[str, JsonValue] = {
            "from_id": user.id,
            "chat_id": message.chat.id,
            "message_id": message.message_id,
            "emoji": emoji,
        }
        await self._json("POST", "/sandbox/reactions", json=body)

    async def answer(self, pressed: Pressed) -> Answer | None:
        """Returns what the bot answered to a press, None while it has not."""
        body = await self._json("GET", f"/sandbox/callbacks/{pressed.id}")
        if not TypeAdapter(dict[str, JsonValue]).validate_json(body)["answered"]:
            return None
        return Answer.model_validate_json(body)

    async def wait_for_answer(self, pressed: Pressed, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> Answer:
        """Returns the answer to a press; raises TimeoutError."""
        async with asyncio.timeout(timeout_s), self._changes(pressed.chat_id) as changes:
            while True:
                answer = await self.answer(pressed)
                if answer is not None:
                    return answer
                await anext(changes)

    # Reading

    async def messages(
        self, chat: ChatLike, after_id: int = 0, *, viewer: types.User | None = None
    ) -> list[types.Message]:
        """Returns the messages as they are now, oldest first: all, or what one user sees."""
        seen_by = "" if viewer is None else f"&viewer_id={viewer.id}"
        path = f"/sandbox/chats/{_chat_id(chat)}/messages?after_id={after_id}{seen_by}"
        return MESSAGES.validate_json(await self._json("GET", path))

    async def wait_for(
        self,
        chat: ChatLike,
        predicate: Predicate,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        *,
        after: types.Message | int = 0,
    ) -> types.Message:
        """Returns the first message of the bot, after a given one, that the predicate finds true, now or soon.

        Raises TimeoutError that shows the chat.
        """
        after_id = after if isinstance(after, int) else after.message_id
        seen: list[types.Message] = []
        try:
            async with asyncio.timeout(timeout_s), self._changes(_chat_id(chat)) as changes:
                while True:
                    seen = await self.messages(chat, after_id)
                    for message in seen:
                        if message.from_user is not None and message.from_user.is_bot and predicate(message):
                            return message
                    await anext(changes)
        except TimeoutError:
            told = "\n".join(transcript(message) for message in seen) or "(nothing)"
            raise TimeoutError(f"no such message within {timeout_s} s; the chat says:\n{told}") from None

    async def wait_until_gone(self, message: types.Message, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        """Returns when a message has been deleted; raises TimeoutError."""
        async with asyncio.timeout(timeout_s), self._changes(message.chat.id) as changes:
            while True:
                if row_id_of(message) not in [row_id_of(kept) for kept in await self.messages(message)]:
                    return
                await anext(changes)

    async def download(self, file_id: str) -> bytes:
        """Returns the bytes of a file."""
        return await self._json("GET", f"/sandbox/files/{file_id}")

    # The record and faults

    async def calls(self, method: str = "", *, after: float = 0.0) -> list[RecordedCall]:
        """Returns what the bot called after a moment in Unix seconds, of one method or of all."""
        return CALLS.validate_json(await self._json("GET", f"/sandbox/calls?method={method}&after={after!r}"))

    async def fault(self, kind: str, *, method: str | None = None, **details: float | bool) -> None:
        """Injects a fault; details are `retry_after`, `delay_s`, `probability`, `times`, `after`."""
        body: dict[str, JsonValue] = {"kind": kind, **details}
        if method is not None:
            body["method"] = method
        await self._json("POST", "/sandbox/faults", json=body)

    async def clear_faults(self) -> None:
        """Removes all faults."""
        await self._json("DELETE", "/sandbox/faults")

    async def wait_until_healthy(self, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        """Returns when the sandbox serves and says that it is healthy; raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not await self._is_healthy():  # noqa: ASYNC110 - a process that starts has no event to wait for
                await asyncio.sleep(0.05)

    async def _is_healthy(self) -> bool:
        try:
            async with self.http.get("/sandbox/health") as response:
                return response.status == 200
        except aiohttp.ClientConnectionError:
            return False

    @asynccontextmanager
    async def _changes(self, chat_id: int) -> AsyncIterator[AsyncIterator[None]]:
        """Yields an iterator that advances whenever something happens in the chat."""
        async with self.http.get("/sandbox/events", params={"chat_id": chat_id}) as response:

            async def events() -> AsyncIterator[None]:
                async for line in response.content:
                    if line.startswith(b"data:"):
                        yield
                raise ConnectionError("the sandbox ended the event stream")

            yield events()

    async def _json(
        self,
        method: str,
        path: str,
        *,
        json: dict[str, JsonValue] | None = None,
        data: aiohttp.FormData | None = None,
    ) -> bytes:
        async with self.http.request(method, path, json=json, data=data) as response:
            body = await response.read()
            if response.status != 200:
                raise SandboxRefused(response.status, body.decode("utf-8", "replace"))
            return body


def buttons(message: types.Message) -> list[types.InlineKeyboardButton]:
    """Returns the inline buttons of a message, row by row."""
    rows = [] if message.reply_markup is None else message.reply_markup.inline_keyboard
    return [button for row in rows for button in row]


def labels(message: types.Message) -> list[str]:
    """Returns the labels of the inline buttons."""
    return [button.text for button in buttons(message)]


def callback_data(message: types.Message, label: str) -> str | None:
    """Returns the callback data of the button with this label, or of the only one whose label contains it."""
    exact = [button for button in buttons(message) if button.text == label]
    found = exact or [button for button in buttons(message) if label in button.text]
    return found[0].callback_data if len(found) == 1 or exact else None


def transcript(message: types.Message) -> str:
    """Returns one line about a message, for failures of tests."""
    who = message.from_user.first_name if message.from_user else "?"
    what = message.text or f"[{message.content_type}] {message.caption or ''}"
    return f"#{message.message_id} {who}: {what} {labels(message) or ''}".rstrip()


def _chat_id(chat: ChatLike) -> int:
    if isinstance(chat, int):
        return chat
    return chat.chat.id if isinstance(chat, types.Message) else chat.id


def _reply(message: types.Message | None) -> dict[str, str]:
    return {} if message is None else {"reply_to": str(message.message_id)}
