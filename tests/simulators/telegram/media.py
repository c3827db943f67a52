"""Files, pictures, voices, stickers, polls: how a message carries them."""

from __future__ import annotations

from collections.abc import Sequence
from mimetypes import guess_type

from tests.simulators.telegram.state import File, FileKind, Wire, World

STICKER = File(name="sticker.webp", content=b"RIFF", media_type="image/webp")


def keep_file(world: World, file: File) -> Wire:
    """Give a file an id by which it is fetched and sent again, and what is told of it."""
    unique = f"file{world.number()}"
    world.files[unique] = (f"{file.kind}s/{unique}_{file.name}", file)
    told = {"file_id": unique, "file_unique_id": f"u{unique}", "file_size": len(file.content)}
    if file.kind == "photo":
        return told | {"width": 640, "height": 480}
    told |= {"mime_type": file.media_type}
    if file.kind == "document":
        return told | {"file_name": file.name}
    told |= {"duration": 3}
    if file.kind == "video":
        told |= {"width": 640, "height": 480}
    return told if file.kind == "voice" else told | {"file_name": file.name}


def named(name: str, content: bytes) -> File:
    """Make of a name what an app would send: a picture as a photo, all else as a document."""
    media_type = guess_type(name)[0] or "application/octet-stream"
    pictured = media_type in {"image/jpeg", "image/png"}
    kind: FileKind = "photo" if pictured else "document"
    return File(name=name, content=content, media_type=media_type, kind=kind)


def carried(world: World, file: File) -> Wire:
    """Give the field of a message that carries a file; a picture comes in its sizes."""
    kept = keep_file(world, file)
    if file.kind != "photo":
        return {file.kind: kept}
    small = kept | {"file_id": f"{kept['file_id']}s", "file_unique_id": "s", "width": 90}
    world.files[small["file_id"]] = world.files[kept["file_id"]]
    return {"photo": [small, kept]}


def sticker(world: World, emoji: str) -> Wire:
    kept = keep_file(world, STICKER)
    kind = {"type": "regular", "is_animated": False, "is_video": False}
    return {"sticker": {**kept, **kind, "width": 512, "height": 512, "emoji": emoji}}


def poll(world: World, question: str, options: Sequence[str]) -> Wire:
    choices = [
        {"text": text, "voter_count": 0, "persistent_id": str(index)}
        for index, text in enumerate(options)
    ]
    return {
        "poll": {
            "id": str(world.number()),
            "question": question,
            "options": choices,
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": True,
            "members_only": False,
        }
    }
