"""sendPhoto, sendDocument, sendVideo and their kin, and albums."""

from __future__ import annotations

import secrets

from aiogram import methods, types

from bot.sandbox import chatroom, errors
from bot.sandbox.bot_api import addressing, rules, whispers
from bot.sandbox.bot_api.calls import Call, given, implements
from bot.sandbox.media import uploads
from bot.sandbox.media.storage import MAX_DOWNLOAD_BYTES, Kind, Media
from bot.sandbox.media.uploads import Upload

ATTACH = "attach://"
WEB = ("http://", "https://")
MAX_WEB_PHOTO_BYTES = 5 * 1024 * 1024  # of a photo sent by its address; other files: as much as getFile gives
ALBUM_SIZES = range(2, 11)

FileInput = str | types.InputFile
SendMedia = (
    methods.SendPhoto
    | methods.SendDocument
    | methods.SendVideo
    | methods.SendAnimation
    | methods.SendAudio
    | methods.SendVoice
)
AlbumItem = types.InputMediaPhoto | types.InputMediaVideo | types.InputMediaDocument | types.InputMediaAudio
InputMedia = AlbumItem | types.InputMediaAnimation


@implements(methods.SendPhoto)
async def send_photo(call: Call, ask: methods.SendPhoto) -> types.Message:
    """Sends a picture; it is stored again as JPEG in several sizes."""
    return await _send(call, ask, "photo", ask.photo, None)


@implements(methods.SendDocument)
async def send_document(call: Call, ask: methods.SendDocument) -> types.Message:
    """Sends a file; its bytes stay as they are."""
    return await _send(call, ask, "document", ask.document, ask.thumbnail)


@implements(methods.SendVideo)
async def send_video(call: Call, ask: methods.SendVideo) -> types.Message:
    """Sends a video."""
    return await _send(call, ask, "video", ask.video, ask.thumbnail)


@implements(methods.SendAnimation)
async def send_animation(call: Call, ask: methods.SendAnimation) -> types.Message:
    """Sends a silent video or a GIF."""
    return await _send(call, ask, "animation", ask.animation, ask.thumbnail)


@implements(methods.SendAudio)
async def send_audio(call: Call, ask: methods.SendAudio) -> types.Message:
    """Sends music."""
    return await _send(call, ask, "audio", ask.audio, ask.thumbnail)


@implements(methods.SendVoice)
async def send_voice(call: Call, ask: methods.SendVoice) -> types.Message:
    """Sends a voice message."""
    return await _send(call, ask, "voice", ask.voice, None)


async def _send(call: Call, ask: SendMedia, kind: Kind, file: FileInput, thumbnail: FileInput | None) -> types.Message:
    formatted = rules.caption(ask.caption, given(ask.parse_mode), ask.caption_entities)
    chat = addressing.writable_chat(call, ask.chat_id)
    keyboard = rules.keyboard(ask.reply_markup, is_private=chat.type == "private")
    reply = addressing.reply_target(
        call, chat, ask.reply_parameters, ask.reply_to_message_id, ask.allow_sending_without_reply
    )
    receiver = whispers.receiver(call, chat, ask)
    addressing.spend(call, chat)
    media = await resolve(call, kind, file, thumbnail)
    message = chatroom.envelope(
        call.world,
        chat,
        call.bot,
        caption=formatted.text or None,
        caption_entities=formatted.entities or None,
        reply_to_message=reply,
        reply_markup=keyboard,
        receiver_user=receiver,
        **vars(media),
        **shown_how(ask),
        **addressing.topic(call.world, chat, ask.message_thread_id, reply),
    )
    return chatroom.post(call.world, message, call.bot.id)


def shown_how(ask: SendMedia | InputMedia) -> dict[str, bool]:
    """Returns the flags of a message that say how its media is shown."""
    flags = {
        "has_media_spoiler": getattr(ask, "has_spoiler", None),
        "show_caption_above_media": given(getattr(ask, "show_caption_above_media", None)),
    }
    return {name: True for name, flag in flags.items() if flag is True}


@implements(methods.SendMediaGroup)
async def send_media_group(call: Call, ask: methods.SendMediaGroup) -> list[types.Message]:
    """Sends an album of 2 to 10 items: all of them, or none when one is refused."""
    items = [item for item in ask.media if isinstance(item, AlbumItem)]
    if len(items) != len(ask.media):
        raise errors.BadRequest("media of this type can't be sent in an album")
    if len(items) not in ALBUM_SIZES:
        raise errors.BadRequest("wrong number of media in the album: from 2 to 10 are allowed")
    kinds = {str(item.type) for item in items}
    if len(kinds) > 1 and kinds != {"photo", "video"}:
        raise errors.BadRequest(f"{min(kinds - {'photo', 'video'})} can't be mixed with other media types")
    captions = [rules.caption(item.caption, given(item.parse_mode), item.caption_entities) for item in items]
    chat = addressing.writable_chat(call, ask.chat_id)
    reply = addressing.reply_target(
        call, chat, ask.reply_parameters, ask.reply_to_message_id, ask.allow_sending_without_reply
    )
    addressing.spend(call, chat)
    topic = addressing.topic(call.world, chat, ask.message_thread_id, reply)
    media = [await resolve_item(call, item) for item in items]
    group_id = str(secrets.randbits(53))
    with call.world.database.transaction():
        return [
            chatroom.post(
                call.world,
                chatroom.envelope(
                    call.world,
                    chat,
                    call.bot,
                    media_group_id=group_id,
                    caption=formatted.text or None,
                    caption_entities=formatted.entities or None,
                    reply_to_message=reply,
                    **vars(content),
                    **shown_how(item),
                    **topic,
                ),
                call.bot.id,
            )
            for item, formatted, content in zip(items, captions, media, strict=True)
        ]


async def resolve_item(call: Call, item: InputMedia) -> Media:
    """Returns the media of an InputMedia object."""
    kind: Kind = KIND_OF_INPUT[str(item.type)]
    return await resolve(call, kind, item.media, getattr(item, "thumbnail", None))


KIND_OF_INPUT: dict[str, Kind] = {
    "photo": "photo",
    "video": "video",
    "document": "document",
    "audio": "audio",
    "animation": "animation",
}


async def resolve(call: Call, kind: Kind, file: FileInput, thumbnail: FileInput | None = None) -> Media:
    """Returns media for an upload, an `attach://` reference or a known file id."""
    upload = _upload(call, file)
    if upload is not None:
        return await call.world.files.take(kind, upload, _upload(call, thumbnail))
    if str(file).startswith(WEB):
        return await _take_from_web(call, kind, str(file))
    known = call.world.files.media_of(str(file))
    if known is None:
        raise errors.BadRequest("wrong file identifier/HTTP URL specified")
    if known.kind != kind:
        raise errors.BadRequest(f"can't use file of type {known.kind.capitalize()} as {kind.capitalize()}")
    return known


async def _take_from_web(call: Call, kind: Kind, url: str) -> Media:
    limit_bytes = MAX_WEB_PHOTO_BYTES if kind == "photo" else MAX_DOWNLOAD_BYTES
    upload = await uploads.fetch(url, call.world.files.incoming, limit_bytes)
    try:
        return await call.world.files.take(kind, upload)
    finally:
        upload.discard()


def _upload(call: Call, file: FileInput | None) -> Upload | None:
    if isinstance(file, Upload):
        return file
    if isinstance(file, str) and file.startswith(ATTACH):
        upload = call.uploads.get(file.removeprefix(ATTACH))
        if upload is None:
            raise errors.BadRequest(f"file {file} is not in the request")
        return upload
    return None
