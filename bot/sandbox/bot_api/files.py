"""getFile and getUserProfilePhotos."""

from __future__ import annotations

from aiogram import methods, types

from bot.sandbox import errors
from bot.sandbox.bot_api.calls import Call, implements
from bot.sandbox.media.storage import MAX_DOWNLOAD_BYTES


@implements(methods.GetFile)
async def get_file(call: Call, ask: methods.GetFile) -> types.File:
    """Tells where a file may be downloaded: up to 20 MB."""
    stored = call.world.files.stored(ask.file_id)
    if stored is None:
        raise errors.BadRequest("invalid file_id")
    if stored.size > MAX_DOWNLOAD_BYTES:
        raise errors.BadRequest("file is too big")
    return types.File(
        file_id=stored.file_id,
        file_unique_id=stored.file_unique_id,
        file_size=stored.size,
        file_path=stored.path,
    )


@implements(methods.GetUserProfilePhotos)
async def get_user_profile_photos(call: Call, ask: methods.GetUserProfilePhotos) -> types.UserProfilePhotos:
    """Nobody in the sandbox has a profile photo."""
    if call.world.people.user(ask.user_id) is None:
        raise errors.BadRequest("user not found")
    return types.UserProfilePhotos(total_count=0, photos=[])
