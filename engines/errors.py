"""What can go wrong in an engine.

EngineError
├── InvalidTask          the task asks for what no engine of this profile can do
│   └── CanvasTooSmall       an outpainting adds too little for its network to see
├── CheckpointError
│   ├── CheckpointMissing    a weight file is not there
│   ├── CheckpointInvalid    a weight file is there and is not what it should be
│   ├── DownloadFailed       a weight file could not be fetched
│   └── NoRoom               weight files do not fit the disk
├── DeviceMissing        a device was asked for that this machine does not have
├── OutOfMemory          not even the smallest form of the work fits the device
├── TaskCancelled        somebody asked the pool to stop this task
├── EngineFailed         an unexpected failure inside an engine
└── PoolClosed           the pool is shutting down; the task may run again elsewhere

`code` is stable: it is stored with failed jobs and chosen by texts. `retryable` says whether the same task may
succeed when it is run again.
"""

from __future__ import annotations

from typing import ClassVar


class EngineError(Exception):
    """The root of all engine errors."""

    code: ClassVar[str] = "engine_error"
    retryable: ClassVar[bool] = False


class InvalidTask(EngineError):
    """The task asks for what no engine of this profile can do."""

    code = "invalid_task"


class CanvasTooSmall(InvalidTask):
    """An outpainting adds too little for its network to see."""

    code = "canvas_too_small"


class CheckpointError(EngineError):
    """A checkpoint cannot be used."""

    code = "checkpoint_error"


class CheckpointMissing(CheckpointError):
    """A weight file is not there."""

    code = "checkpoint_missing"


class CheckpointInvalid(CheckpointError):
    """A weight file is there and is not what it should be."""

    code = "checkpoint_invalid"


class DownloadFailed(CheckpointError):
    """A weight file could not be fetched."""

    code = "download_failed"
    retryable = True


class NoRoom(CheckpointError):
    """Weight files do not fit the disk."""

    code = "no_room"


class DeviceMissing(EngineError):
    """A device was asked for that this machine does not have."""

    code = "device_missing"


class OutOfMemory(EngineError):
    """Not even the smallest form of the work fits the device."""

    code = "out_of_memory"
    retryable = True


class TaskCancelled(EngineError):
    """Somebody asked the pool to stop this task."""

    code = "cancelled"


class EngineFailed(EngineError):
    """An unexpected failure inside an engine."""

    code = "engine_failed"
    retryable = True


class PoolClosed(EngineError):
    """The pool is shutting down; the task may run again elsewhere."""

    code = "pool_closed"
    retryable = True
