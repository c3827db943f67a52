"""Reading a request's body and writing an answer's, typed, with a cap on what is read."""

from __future__ import annotations

import json
from typing import TypeVar

import msgspec
from aiohttp import web

from adapters.chat.web.normalise import TEXT_BYTES, TooLong
from core.errors import UsageError
from core.texts import intake as said

BODY_BYTES = 4 * TEXT_BYTES
"""The longest body: a text as long as allowed, written with escapes."""

Body = TypeVar("Body")
_ENCODER = msgspec.json.Encoder()


async def read(request: web.Request, shape: type[Body]) -> Body:
    """Read a JSON body, without believing what it says of its own length.

    Raises:
        TooLong: it is larger than any message may be. UsageError: it is not what was expected.
    """
    data = bytearray()
    async for piece in request.content.iter_chunked(64 * 1024):
        data += piece
        if len(data) > BODY_BYTES:
            raise TooLong(said.too_large(TEXT_BYTES))
    try:
        return msgspec.json.decode(data, type=shape)
    except (ValueError, RecursionError) as error:
        raise UsageError(said.unreadable(str(error))) from error


def encode(value: object) -> bytes:
    """Write a value as JSON; half a character in it is written as an escape."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value)).encode()


def answer(value: object, *, status: int = 200) -> web.Response:
    """Answer with a value as JSON."""
    return web.Response(body=encode(value), status=status, content_type="application/json")
