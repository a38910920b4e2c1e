"""What a video or sound file contains: size, duration, poster. Synchronous: call it in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import av.error

from bot.sandbox.media import pictures


@dataclass(frozen=True, slots=True)
class Clip:
    """The measures of a media file; width and height are 0 for sound alone."""

    width: int
    height: int
    duration_s: int
    has_sound: bool
    poster: pictures.Picture | None


def probe(path: Path) -> Clip | None:
    """Reads a video or sound file; None when it cannot be decoded."""
    try:
        with av.open(str(path)) as container:
            duration_s = round((container.duration or 0) / 1_000_000)
            has_sound = bool(container.streams.audio)
            if not container.streams.video:
                return Clip(0, 0, duration_s, has_sound, None) if has_sound else None
            frame = next(container.decode(video=0))
            poster = pictures.shrink(frame.to_image())
            return Clip(frame.width, frame.height, duration_s, has_sound, poster)
    except (av.error.FFmpegError, StopIteration, ValueError):
        return None
