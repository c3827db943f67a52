"""Writes the body of a request: fields in, JSON bytes out.

Decides nothing but the bytes: equal fields in equal order give equal bytes (MOA-19).
"""

from __future__ import annotations

import json

import msgspec

from core.types import Json

Fields = dict[str, Json]


def encode(fields: Fields) -> bytes:
    """Write the body; the same fields give the same bytes."""
    try:
        return msgspec.json.encode(fields, enc_hook=dict)
    except UnicodeEncodeError:
        # Half an emoji, as a message that was cut somewhere holds it, is no UTF-8.
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), default=dict)
        return text.encode(errors="replace")
