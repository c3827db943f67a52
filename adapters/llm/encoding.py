"""JSON to a provider, and back.

Decides nothing but how bytes are written and read: equal fields in equal order give equal bytes
(MOA-19), and half an emoji stops neither way.
"""

from __future__ import annotations

import json
from typing import TypeVar

import msgspec

from core.types import Json

T = TypeVar("T")
Fields = dict[str, Json]


def encode(fields: Fields) -> bytes:
    """Write the body; the same fields give the same bytes."""
    try:
        return msgspec.json.encode(fields, enc_hook=dict)
    except UnicodeEncodeError:
        # Half an emoji, as a message that was cut somewhere holds it, is no UTF-8.
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), default=dict)
        return text.encode(errors="replace")


def decode(document: str, kind: type[T]) -> T:
    """Read a document of this kind.

    Raises:
        msgspec.DecodeError, ValueError, RecursionError: it is none.
    """
    try:
        return msgspec.json.decode(document, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # Half an emoji, written as one escape, is no text for msgspec: it is replaced.
        mended = json.dumps(json.loads(document), ensure_ascii=False).encode(errors="replace")
        return msgspec.json.decode(mended, type=kind)


def is_json(text: str) -> bool:
    """Tell whether a text is a JSON document."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
