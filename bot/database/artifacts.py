"""The files that jobs gave and users sent: where they are, and which of them may go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import exists, select, update

from bot.clock import Clock, utc_now
from bot.database import models
from bot.database.engine import Database

_PATHS_AT_ONCE: Final = 500  # values in one statement; SQLite takes 32,766 at most


@dataclass(frozen=True, slots=True)
class ResultFile:
    """One file of a job's result; `path` is relative to the data folder. `swept_at`: it is gone since then."""

    id: int
    index: int
    path: str
    media_type: str
    width_px: int
    height_px: int
    bytes: int
    sha256: str
    swept_at: datetime | None


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that a user sent; `path` is relative to the data folder. `swept_at`: it is gone since then."""

    id: int
    path: str
    media_type: str
    width_px: int
    height_px: int
    bytes: int
    sha256: str
    swept_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewUpload:
    """A file that a user sent, already on disk; `path` is relative to the data folder."""

    user_id: int
    path: str
    media_type: str
    width_px: int
    height_px: int
    bytes: int
    sha256: str


class FileKind(StrEnum):
    """Where a file came from."""

    RESULT = "result"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class ExpiredFile:
    """A file that nobody needs any more. It is deleted first and marked as swept after."""

    kind: FileKind
    id: int
    path: str


class Artifacts:
    """Rows of files. Deleting the files themselves is the media room's work."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def of_job(self, job_id: int) -> list[ResultFile]:
        """What a job gave, in order; swept files are listed with the time they went."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(models.Artifact).where(models.Artifact.job_id == job_id).order_by(models.Artifact.index)
            )
            return [_result(row) for row in rows]

    async def add_upload(self, new: NewUpload) -> UploadedFile:
        """Remember a file that a user sent."""
        now = self._clock()
        async with self._database.write() as session:
            row = models.InputMedia(
                user_id=new.user_id,
                path=new.path,
                media_type=new.media_type,
                width_px=new.width_px,
                height_px=new.height_px,
                bytes=new.bytes,
                sha256=new.sha256,
                created_at=now,
                last_used_at=now,
            )
            session.add(row)
            await session.flush()
            return _upload(row)

    async def inputs_of(self, job_id: int) -> list[UploadedFile]:
        """The uploads that a job paints from, in the order of upload."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(models.InputMedia)
                .join(models.JobInput, models.JobInput.input_id == models.InputMedia.id)
                .where(models.JobInput.job_id == job_id)
                .order_by(models.InputMedia.id)
            )
            return [_upload(row) for row in rows]

    async def expired(self, keep_results: timedelta, keep_uploads: timedelta, limit: int = 1000) -> list[ExpiredFile]:
        """Files past their age that nothing refers to: no open job, no result still to be delivered, no favourite."""
        now = self._clock()
        async with self._database.read() as session:
            results = await session.execute(
                select(models.Artifact.id, models.Artifact.path)
                .join(models.Job, models.Job.id == models.Artifact.job_id)
                .where(
                    models.Artifact.swept_at.is_(None),
                    models.Artifact.created_at < now - keep_results,
                    models.Job.delivered_at.is_not(None),
                    ~exists().where(models.Favourite.job_id == models.Job.id),
                )
                .order_by(models.Artifact.created_at)
                .limit(limit)
            )
            in_use = exists().where(
                models.JobInput.input_id == models.InputMedia.id,
                models.JobInput.job_id == models.Job.id,
                models.Job.status.in_(models.OPEN),
            )
            uploads = await session.execute(
                select(models.InputMedia.id, models.InputMedia.path)
                .where(
                    models.InputMedia.swept_at.is_(None),
                    models.InputMedia.last_used_at < now - keep_uploads,
                    ~in_use,
                )
                .order_by(models.InputMedia.last_used_at)
                .limit(limit)
            )
            return [ExpiredFile(FileKind.RESULT, file_id, path) for file_id, path in results] + [
                ExpiredFile(FileKind.UPLOAD, file_id, path) for file_id, path in uploads
            ]

    async def mark_swept(self, files: Sequence[ExpiredFile]) -> None:
        """Remember that these files are gone from the disk."""
        swept = {"swept_at": self._clock()}
        results = [file.id for file in files if file.kind is FileKind.RESULT]
        uploads = [file.id for file in files if file.kind is FileKind.UPLOAD]
        async with self._database.write() as session:
            await session.execute(update(models.Artifact).where(models.Artifact.id.in_(results)).values(swept))
            await session.execute(update(models.InputMedia).where(models.InputMedia.id.in_(uploads)).values(swept))

    async def unknown(self, paths: Sequence[str]) -> list[str]:
        """Those of the paths that no row knows: left by a crash between writing a file and committing its row."""
        known: set[str] = set()
        async with self._database.read() as session:
            for start in range(0, len(paths), _PATHS_AT_ONCE):
                some = paths[start : start + _PATHS_AT_ONCE]
                for table in (models.Artifact, models.InputMedia):
                    known.update(await session.scalars(select(table.path).where(table.path.in_(some))))
        return [path for path in paths if path not in known]


def _result(row: models.Artifact) -> ResultFile:
    return ResultFile(
        id=row.id,
        index=row.index,
        path=row.path,
        media_type=row.media_type,
        width_px=row.width_px,
        height_px=row.height_px,
        bytes=row.bytes,
        sha256=row.sha256,
        swept_at=row.swept_at,
    )


def _upload(row: models.InputMedia) -> UploadedFile:
    return UploadedFile(
        id=row.id,
        path=row.path,
        media_type=row.media_type,
        width_px=row.width_px,
        height_px=row.height_px,
        bytes=row.bytes,
        sha256=row.sha256,
        swept_at=row.swept_at,
    )
