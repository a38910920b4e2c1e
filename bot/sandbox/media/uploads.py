"""A file on its way in: streamed to disk under a name of ours, bounded in size."""

from __future__ import annotations

import mimetypes
import secrets
from collections.abc import AsyncGenerator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

import aiohttp
from aiogram.types import InputFile
from aiohttp import BodyPartReader

from bot.sandbox import errors

if TYPE_CHECKING:
    from aiogram import Bot

MAX_UPLOAD_BYTES = 50 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
MAX_NAME_LENGTH = 200
FETCH_TIMEOUT_S = 20.0


class Upload(InputFile):
    """An uploaded file in the incoming folder; the name is only what the message shows."""

    chunk_bytes: ClassVar[int] = CHUNK_BYTES

    def __init__(self, path: Path, name: str, size: int, mime_type: str) -> None:
        super().__init__(filename=name)
        self.path = path
        self.name = name
        self.size = size
        self.mime_type = mime_type

    async def read(self, bot: Bot) -> AsyncGenerator[bytes, None]:
        """Yields the bytes; aiogram's interface asks for it."""
        yield self.path.read_bytes()

    def discard(self) -> None:
        """Removes the file unless it has been taken into the store."""
        self.path.unlink(missing_ok=True)


async def receive(part: BodyPartReader, folder: Path) -> Upload:
    """Streams one part of a multipart body to disk; raises TooLarge over 50 MB."""
    name = shown_name(part.filename)
    path = folder / secrets.token_hex(16)
    size = 0
    try:
        with path.open("wb") as file:
            while chunk := await part.read_chunk(CHUNK_BYTES):
                size += len(chunk)
                if size > MAX_UPLOAD_BYTES:
                    raise errors.TooLarge
                file.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    declared = part.headers.get("Content-Type", "").partition(";")[0].strip()
    if not declared or declared == "application/octet-stream":
        declared = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Upload(path, name, size, declared)


async def fetch(url: str, folder: Path, limit_bytes: int) -> Upload:
    """Downloads a file that a bot sends by its address; raises BadRequest when it does not come or is too big."""
    path = folder / secrets.token_hex(16)
    size = 0
    try:
        timeout = aiohttp.ClientTimeout(total=FETCH_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            response.raise_for_status()
            mime_type = response.content_type
            with path.open("wb") as file:
                async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                    size += len(chunk)
                    if size > limit_bytes:
                        raise errors.BadRequest("failed to get HTTP URL content")
                    file.write(chunk)
    except (aiohttp.ClientError, ValueError, TimeoutError) as failed:
        path.unlink(missing_ok=True)
        raise errors.BadRequest("failed to get HTTP URL content") from failed
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Upload(path, shown_name(urlsplit(url).path), size, mime_type)


def shown_name(given: str | None) -> str:
    """Returns the last part of a file name without control characters; "file" when nothing remains."""
    last = PurePosixPath((given or "").replace("\\", "/")).name
    return "".join(sign for sign in last if sign.isprintable())[:MAX_NAME_LENGTH] or "file"
