"""What was attached to a Discord message → attachments. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from adapters.chat.discord import shapes
from core.types import Attachment


def attached(files: Iterable[shapes.File]) -> tuple[Attachment, ...]:
    """Name files; `ref` is the address of each."""
    return tuple(
        Attachment(
            kind=_kind(file.content_type or ""),
            name=file.filename,
            size=file.size,
            media_type=file.content_type or "",
            ref=file.url,
        )
        for file in files
    )


def _kind(media_type: str) -> Literal["image", "document", "audio", "video"]:
    match media_type.partition("/")[0]:
        case "image":
            return "image"
        case "audio":
            return "audio"
        case "video":
            return "video"
        case _:
            return "document"
