"""Pictures, clips, clocks and connections for the tests of the sandbox."""

from __future__ import annotations

import io
import os

import av
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from PIL import Image

TOKEN = "42:" + "A" * 35
OTHER_TOKEN = "43:" + "B" * 35


class Clock:
    """A clock that a test moves by hand, from a fixed moment of 2026."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


def connect(url: str, token: str) -> Bot:
    return Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))


def picture(width: int = 64, height: int = 48, *, colour: str = "red", kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, kind)
    return buffer.getvalue()


def noise(width: int, height: int) -> bytes:
    """A PNG that does not compress: about three bytes a pixel."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", (width, height), os.urandom(3 * width * height)).save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()


def clip(seconds: int = 1, width: int = 64, height: int = 48) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=8)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        frame = av.VideoFrame.from_image(Image.new("RGB", (width, height), "blue"))
        for moment in range(8 * seconds):
            frame.pts = moment
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return buffer.getvalue()
