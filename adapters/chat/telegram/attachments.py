"""What came with a Telegram message → attachments with names people recognise. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import telegram

from adapters.chat.telegram.reading import UNREAD
from core.types import Attachment


def attachments(message: telegram.Message) -> tuple[Attachment, ...]:
    """Name everything that is not text; `ref` is the file's id."""
    return (*_files(message), *_others(message))


def _files(message: telegram.Message) -> Iterator[Attachment]:
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        yield Attachment(
            kind="image",
            name="photo.jpg",
            size=largest.file_size,
            media_type="image/jpeg",
            ref=largest.file_id,
        )
    if message.animation:  # comes as a document, too, for older clients
        yield _file(message.animation, "video", "animation.mp4")
    elif message.document:
        image = (message.document.mime_type or "").startswith("image/")
        yield _file(message.document, "image" if image else "document", "document")
    if message.video:
        yield _file(message.video, "video", "video.mp4")
    if message.video_note:
        yield _file(message.video_note, "video", "video message.mp4")
    if message.voice:
        yield _file(message.voice, "audio", "voice message.ogg")
    if message.audio:
        yield _file(message.audio, "audio", message.audio.title or "audio")
    if message.sticker:
        sticker = message.sticker
        name = " ".join(("sticker", *filter(None, (sticker.emoji, sticker.set_name))))
        yield Attachment(kind="sticker", name=name, size=sticker.file_size, ref=sticker.file_id)


def _others(message: telegram.Message) -> Iterator[Attachment]:
    unread = message.api_kwargs.get(UNREAD, ())
    names = (*_people_and_places(message), *_plays(message), *unread)
    yield from (Attachment(kind="other", name=name) for name in names)


def _people_and_places(message: telegram.Message) -> Iterator[str]:
    if message.contact:
        yield f"contact {message.contact.first_name} {message.contact.phone_number}"
    if message.venue:
        yield f"place {message.venue.title}, {message.venue.address}"
    elif message.location:
        yield f"location {message.location.latitude}, {message.location.longitude}"


def _plays(message: telegram.Message) -> Iterator[str]:
    if message.poll:
        options = " / ".join(option.text for option in message.poll.options)
        yield f"poll “{message.poll.question}”: {options}"
    if message.checklist:
        tasks = " / ".join(task.text for task in message.checklist.tasks)
        yield f"checklist “{message.checklist.title}”: {tasks}"
    if message.dice:
        yield f"dice {message.dice.emoji} {message.dice.value}"
    if message.game:
        yield f"game “{message.game.title}”"
    if message.story:
        yield "story"
    if message.paid_media:
        yield "paid media"


def _file(
    found: telegram.Animation
    | telegram.Audio
    | telegram.Document
    | telegram.Video
    | telegram.VideoNote
    | telegram.Voice,
    kind: Literal["image", "document", "audio", "video"],
    fallback: str,
) -> Attachment:
    return Attachment(
        kind=kind,
        name=getattr(found, "file_name", None) or fallback,
        size=found.file_size,
        media_type=getattr(found, "mime_type", None) or "",
        ref=found.file_id,
    )
