"""Strikes secrets out of texts, however they are written there. Pure.

Decides which ways of writing a secret count as it: as it is, inside of an address, of JSON, of HTML
or of a `repr`, in hexadecimal digits, and in base64 wherever it stands in what was encoded. It
never decides what is a secret. A text is struck before it is cut: half a secret is found by nobody.
"""

from __future__ import annotations

import html
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus, unquote

STRUCK: Final = "[secret]"
SHORTEST: Final = 6
"""Shorter values are no secrets but words; striking them out would only garble texts."""


def forms(secret: str) -> tuple[str, ...]:
    """Give all ways of writing a secret; none where it is too short to be one."""
    if len(secret) < SHORTEST:
        return ()
    plain = unquote(secret)  # a password in an address is sent without what was quoted in it
    return tuple({*_written(secret), *(_written(plain) if len(plain) >= SHORTEST else ())})


def ordered(secrets: Iterable[str]) -> list[str]:
    """Give all forms of all secrets, the longest first, for one may contain another."""
    return sorted({form for each in secrets for form in forms(each)}, key=len, reverse=True)


def strike(text: str, secrets: Iterable[str]) -> str:
    """Strike these out of a text. Whoever does it often keeps what `ordered` gives."""
    for form in ordered(secrets):
        text = text.replace(form, STRUCK)
    return text


def _written(secret: str) -> Iterator[str]:
    yield secret
    for quoted in (json.dumps(secret), json.dumps(secret, ensure_ascii=False), repr(secret)):
        yield quoted[1:-1]
    yield html.escape(secret)
    data = secret.encode("utf-8", "surrogateescape")
    for address in (quote(data, safe=""), quote(data), quote_plus(data)):
        yield address
        yield _lower(address)
    yield data.hex()
    yield data.hex().upper()
    yield from _base64(data)


def _lower(address: str) -> str:
    """Write %2F as %2f."""
    first, *escaped = address.split("%")
    return "%".join([first, *(each[:2].lower() + each[2:] for each in escaped)])


def _base64(data: bytes) -> Iterator[str]:
    """Give what every text in base64 has in it that was made of something with these bytes in it.

    Three bytes become four signs, so it depends on where the secret begins; the signs at its edges
    hold bits of what stands beside it.
    """
    for before in range(3):
        whole = b64encode(bytes(before) + data).decode()
        bits = 8 * (before + len(data))
        inside = whole[-(-8 * before // 6) : bits // 6]
        yield inside
        yield inside.replace("+", "-").replace("/", "_")
