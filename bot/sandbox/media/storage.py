"""Files under the data directory and the media objects that messages carry."""

from __future__ import annotations

import asyncio
import mimetypes
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aiogram import types
from pydantic import BaseModel

from bot.sandbox import errors
from bot.sandbox.media import clips, pictures
from bot.sandbox.media.uploads import Upload
from bot.sandbox.store.database import Database

Kind = Literal["photo", "document", "video", "animation", "audio", "voice"]
KINDS: tuple[Kind, ...] = ("photo", "video", "animation", "document", "audio", "voice")

MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024

# Ids of files begin by their kind, as Telegram's do, so that they are told apart at a glance.
ID_PREFIXES = {
    "photo": "AgACAgI",
    "video": "BAACAgI",
    "document": "BQACAgI",
    "animation": "CgACAgI",
    "audio": "CQACAgI",
    "voice": "AwACAgI",
    "thumbnail": "AAMCAgA",
}


class Media(BaseModel):
    """What a message carries besides text; the field names are those of a Bot API Message."""

    photo: list[types.PhotoSize] | None = None
    video: types.Video | None = None
    animation: types.Animation | None = None
    document: types.Document | None = None
    audio: types.Audio | None = None
    voice: types.Voice | None = None

    @property
    def kind(self) -> Kind:
        """Returns the kind; an animation is also shown as a document, which does not count."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file on disk; `path` is relative, and is what `getFile` tells."""

    file_id: str
    file_unique_id: str
    path: str
    size: int
    mime_type: str


@dataclass(frozen=True, slots=True)
class FileKeys:
    """The two ids of a stored file and its size in bytes."""

    file_id: str
    file_unique_id: str
    size: int


class FileRoom:
    """The folders `files` and `incoming`, and the tables media and files."""

    def __init__(self, database: Database, data_dir: Path) -> None:
        self._db = database
        self._root = data_dir / "files"
        self.incoming = data_dir / "incoming"
        self._root.mkdir(parents=True, exist_ok=True)
        self.incoming.mkdir(parents=True, exist_ok=True)
        for abandoned in self.incoming.iterdir():  # uploads that a crash cut off
            abandoned.unlink()

    def stored(self, file_id: str) -> StoredFile | None:
        """Returns where the bytes of a file id lie."""
        row = self._db.row(
            "SELECT file_id, file_unique_id, path, size, mime_type FROM files WHERE file_id = ?", (file_id,)
        )
        if row is None:
            return None
        return StoredFile(str(row[0]), str(row[1]), str(row[2]), int(row[3] or 0), str(row[4]))

    def stored_at(self, path: str) -> StoredFile | None:
        """Returns the file with this relative path; only paths of ours are in the table."""
        file_id = self._db.text("SELECT file_id FROM files WHERE path = ?", (path,))
        return None if file_id is None else self.stored(file_id)

    def on_disk(self, file: StoredFile) -> Path:
        """Returns the absolute path of a stored file."""
        return self._root / file.path

    def media_of(self, file_id: str) -> Media | None:
        """Returns the media object that a file id belongs to, for sending it again."""
        payload = self._db.text(
            "SELECT media.payload FROM media JOIN files ON files.media_id = media.id WHERE file_id = ?", (file_id,)
        )
        return None if payload is None else Media.model_validate_json(payload)

    async def take(self, kind: Kind, upload: Upload, thumbnail: Upload | None = None) -> Media:
        """Turns an upload into stored media; raises BadRequest where Telegram refuses the file.

        A video or sound file that cannot be decoded becomes a document, as in Telegram.
        """
        if upload.size == 0:
            raise errors.BadRequest("file must be non-empty")
        if kind == "photo":
            return await self._take_photo(upload)
        shown = upload if thumbnail is None else thumbnail
        poster = await asyncio.to_thread(pictures.thumbnail, shown.path)
        clip = None if kind == "document" else await asyncio.to_thread(clips.probe, upload.path)
        if clip is None:
            return self._take_document(upload, poster)
        return self._take_clip(kind, upload, clip, poster or clip.poster)

    async def _take_photo(self, upload: Upload) -> Media:
        if upload.size > MAX_PHOTO_BYTES:
            raise errors.BadRequest(
                f"file of size {upload.size} bytes is too big for a photo; the maximum size is {MAX_PHOTO_BYTES} bytes"
            )
        sizes = await asyncio.to_thread(pictures.photo_sizes, upload.path)
        with self._db.transaction():
            media_id = self._new_media()
            media = Media(photo=[self._save_picture(media_id, "photo", size) for size in sizes])
            self._finish(media_id, media)
        return media

    def _take_document(self, upload: Upload, poster: pictures.Picture | None) -> Media:
        with self._db.transaction():
            media_id = self._new_media()
            keys = self._save_upload(media_id, "document", upload)
            document = types.Document(
                file_id=keys.file_id,
                file_unique_id=keys.file_unique_id,
                file_size=keys.size,
                file_name=upload.name,
                mime_type=upload.mime_type,
                thumbnail=None if poster is None else self._save_picture(media_id, "thumbnail", poster),
            )
            media = Media(document=document)
            self._finish(media_id, media)
        return media

    def _take_clip(self, kind: Kind, upload: Upload, clip: clips.Clip, poster: pictures.Picture | None) -> Media:
        with self._db.transaction():
            media_id = self._new_media()
            keys = self._save_upload(media_id, kind, upload)
            thumbnail = None if poster is None else self._save_picture(media_id, "thumbnail", poster)
            media = _clip_media(kind, keys, upload, clip, thumbnail)
            self._finish(media_id, media)
        return media

    def _new_media(self) -> int:
        return self._db.run("INSERT INTO media (payload) VALUES ('')")

    def _finish(self, media_id: int, media: Media) -> None:
        payload = media.model_dump_json(by_alias=True, exclude_none=True)
        self._db.run("UPDATE media SET payload = ? WHERE id = ?", (payload, media_id))

    def _save_picture(self, media_id: int, kind: str, picture: pictures.Picture) -> types.PhotoSize:
        keys, path = self._register(media_id, kind, ".jpg", len(picture.jpeg), "image/jpeg")
        path.write_bytes(picture.jpeg)
        return types.PhotoSize(
            file_id=keys.file_id,
            file_unique_id=keys.file_unique_id,
            width=picture.width,
            height=picture.height,
            file_size=keys.size,
        )

    def _save_upload(self, media_id: int, kind: str, upload: Upload) -> FileKeys:
        suffix = mimetypes.guess_extension(upload.mime_type) or ".bin"
        keys, path = self._register(media_id, kind, suffix, upload.size, upload.mime_type)
        try:
            os.link(upload.path, path)  # not moved: an album may refer to one upload twice
        except OSError:  # a file system without links
            shutil.copyfile(upload.path, path)
        return keys

    def _register(self, media_id: int, kind: str, suffix: str, size: int, mime_type: str) -> tuple[FileKeys, Path]:
        keys = FileKeys(ID_PREFIXES[kind] + secrets.token_urlsafe(36), "AQAD" + secrets.token_urlsafe(9), size)
        count = self._db.number("SELECT count(*) FROM files WHERE media_id = ?", (media_id,)) or 0
        relative = f"{kind}s/file_{media_id}_{count}{suffix}"
        self._db.run(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?)",
            (keys.file_id, keys.file_unique_id, media_id, relative, size, mime_type),
        )
        path = self._root / relative
        path.parent.mkdir(exist_ok=True)
        return keys, path


def _clip_media(kind: Kind, keys: FileKeys, upload: Upload, clip: clips.Clip, poster: types.PhotoSize | None) -> Media:
    file_id, unique_id, size, mime_type = keys.file_id, keys.file_unique_id, keys.size, upload.mime_type
    if kind == "voice":
        return Media(
            voice=types.Voice(
                file_id=file_id,
                file_unique_id=unique_id,
                duration=clip.duration_s,
                mime_type=mime_type,
                file_size=size,
            )
        )
    if kind == "audio":
        return Media(
            audio=types.Audio(
                file_id=file_id,
                file_unique_id=unique_id,
                duration=clip.duration_s,
                file_name=upload.name,
                mime_type=mime_type,
                file_size=size,
            )
        )
    shape = types.Animation if kind == "animation" else types.Video
    moving = shape(
        file_id=file_id,
        file_unique_id=unique_id,
        width=clip.width,
        height=clip.height,
        duration=clip.duration_s,
        thumbnail=poster,
        file_name=upload.name,
        mime_type=mime_type,
        file_size=size,
    )
    if isinstance(moving, types.Video):
        return Media(video=moving)
    document = types.Document(
        file_id=file_id,
        file_unique_id=unique_id,
        thumbnail=poster,
        file_name=upload.name,
        mime_type=mime_type,
        file_size=size,
    )
    return Media(animation=moving, document=document)
