"""What a file is, by its bytes: a picture that models take, a PDF, a text, or something else.

Decides by what is in it, never by its name or by what was said of it. Pictures are measured, not
decoded: what would unfold into a bomb is told by its header. Pure.
"""

from __future__ import annotations

import codecs
import re
import struct
from dataclasses import dataclass
from typing import Final, Literal

from core.errors import FileUnread
from core.texts import files as texts

HEAD: Final = 1024
"""Bytes that tell a PDF: viewers look no further for its mark."""
LONGEST_SIDE: Final = 8_000
"""Pixels; Anthropic refuses longer ones, and with them the whole conversation."""
MOST_PIXELS: Final = 40_000_000

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BINARY: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
"""What no text holds; escape is left out, for terminals' colours stand in logs."""
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's segments that tell how large it is."""
_PIXELS: Final = frozenset({0xD9, 0xDA})
"""JPEG's end, and the beginning of its pixels: what has told no size until then, never does."""
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""JPEG's marks that have no length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that models take; its size in pixels."""

    media_type: Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
    width: int
    height: int


def is_pdf(data: bytes) -> bool:
    """Tell whether these are the first bytes of a PDF."""
    return b"%PDF-" in data[:HEAD]


def begins_a_picture(data: bytes) -> bool:
    """Tell whether these are the first bytes of a picture that models take."""
    riff = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return riff or data.startswith((_PNG, b"GIF8", b"\xff\xd8\xff"))


def picture(data: bytes) -> Picture | None:
    """Measure a picture; None if it is none that models take.

    Raises:
        FileUnread: it is one, and is broken, cut off or larger than any model takes.
    """
    try:
        found = _png(data) or _gif(data) or _webp(data) or _jpeg(data)
    except (struct.error, IndexError):
        raise FileUnread(texts.BROKEN) from None
    if found is None:
        return None
    if not found.width or not found.height:
        raise FileUnread(texts.BROKEN)
    side, pixels = max(found.width, found.height), found.width * found.height
    if side > LONGEST_SIDE or pixels > MOST_PIXELS:
        raise FileUnread(texts.too_many_pixels(found.width, found.height, LONGEST_SIDE))
    return found


def text(data: bytes, *, cut: bool = False) -> str | None:
    """Read a text in whatever it was written; None if it is no text.

    `cut`: there is more of it, so it may end within a character.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _decoded(data.removeprefix(mark), name, cut=cut)
    wide = _without_mark(data)
    for name in (*wide, "utf-8", "cp1252"):
        found = _decoded(data, name, cut=cut)
        if found is not None:
            return found
    return None


def _decoded(data: bytes, name: str, *, cut: bool) -> str | None:
    try:
        found = codecs.getincrementaldecoder(name)().decode(data, final=not cut)
    except UnicodeDecodeError:
        return None
    return None if _BINARY.search(found) else found.replace("\r\n", "\n").replace("\r", "\n")


def _without_mark(data: bytes) -> tuple[str, ...]:
    """Tell UTF-16 that does not say so by the zeros in every other byte of plain English."""
    sample = data[:HEAD]
    if b"\0" not in sample:
        return ()
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if not even and odd * 4 > len(sample):
        return ("utf-16-le",)
    return ("utf-16-be",) if not odd and even * 4 > len(sample) else ()


# --- pictures -----------------------------------------------------------------------------------


def _png(data: bytes) -> Picture | None:
    if not data.startswith(_PNG):
        return None
    width, height = struct.unpack_from(">II", data, 16)
    _require(data[12:16] == b"IHDR" and b"IEND" in data)
    return Picture(media_type="image/png", width=width, height=height)


def _gif(data: bytes) -> Picture | None:
    if data[:6] not in {b"GIF87a", b"GIF89a"}:
        return None
    width, height = struct.unpack_from("<HH", data, 6)
    _require(b";" in data[-64:])
    return Picture(media_type="image/gif", width=width, height=height)


def _webp(data: bytes) -> Picture | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    (length,) = struct.unpack_from("<I", data, 4)
    _require(length + 8 <= len(data))
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = _three(data, 24) + 1, _three(data, 27) + 1
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = struct.unpack_from("<HH", data, 26)
        width, height = width & 0x3FFF, height & 0x3FFF
    return Picture(media_type="image/webp", width=width, height=height)


def _three(data: bytes, at: int) -> int:
    return data[at] | data[at + 1] << 8 | data[at + 2] << 16


def _jpeg(data: bytes) -> Picture | None:
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while True:
        _require(data[at : at + 1] == b"\xff")
        at = _past(data, at)
        mark = data[at - 1]
        if mark in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 3)
            _require(b"\xff\xd9" in data[at:])
            return Picture(media_type="image/jpeg", width=width, height=height)
        _require(mark not in _PIXELS)
        at += 0 if mark in _BARE else struct.unpack_from(">H", data, at)[0]


def _past(data: bytes, at: int) -> int:
    """Go past a mark, which any number of fill bytes may stand before."""
    while data[at : at + 1] == b"\xff":
        at += 1
    return at + 1


def _require(whole: bool) -> None:  # noqa: FBT001 - private
    if not whole:
        raise FileUnread(texts.BROKEN)
