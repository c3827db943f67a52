"""A tool's result as text for a model: what is no text becomes a placeholder, what is long is cut.

Decides what of a result is kept. It is untrusted data and never more than that. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

NOTHING: Final = "(The tool gave no output.)"


def whole(parts: Iterable[str], *, limit: int) -> str:
    """Join the parts of a result and cut the middle out of what is longer than `limit`."""
    text = cut("\n".join(part for part in parts if part), limit=limit)
    # Half a character, as JSON may hold, or none at all: neither database nor vendor takes them.
    clean = text.encode("utf-8", "replace").decode().replace("\x00", "")
    return clean if clean.strip() else NOTHING


def cut(text: str, *, limit: int) -> str:
    """Keep head and tail of a text that is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    tail = limit // 2
    head = limit - tail
    left_out = len(text) - head - tail
    kept = text[len(text) - tail :]
    return f"{text[:head]}\n[… {left_out:,} characters left out …]\n{kept}"


def placeholder(kind: str, media_type: str, encoded: int) -> str:
    """Name what cannot be shown; `encoded` is the length of its base64."""
    kilobytes = max(1, encoded * 3 // 4 // 1000)
    return f"[{kind}: {printable(media_type) or 'of unknown type'}, {kilobytes:,} kB, not shown]"


def printable(text: str, *, limit: int = 200) -> str:
    """Give the first line's worth of a foreign text, fit for a log, a terminal and a sentence."""
    line = "".join(c if c.isprintable() else " " for c in text[: 4 * limit])
    words = " ".join(line.split())
    return words if len(words) <= limit else f"{words[:limit]}…"
