"""Answers over HTTP that end and stay where they are, and WebSockets that close, whatever comes.

Decides how much is read, that no redirect is followed, and how long a goodbye is waited for;
nothing of what anything means.
Files and streams are not read by this: who reads those counts for himself.
"""

from __future__ import annotations

import asyncio
from typing import Final

import aiohttp
from typing_extensions import override

MOST: Final = 16 * 1024 * 1024
"""Bytes of one answer: a hundred of Telegram's largest updates have a third of that."""
GOODBYE: Final = 1.0


class Bounded(aiohttp.ClientResponse):
    """An answer that is no longer than `MOST`, whatever its packing and its head say."""

    @override
    async def read(self) -> bytes:
        """Read it whole.

        Raises:
            ClientPayloadError: it is too long, or was cut.
        """
        if self._body is None:
            blocks: list[bytes] = []
            size = 0
            async for block in self.content.iter_any():
                size += len(block)
                if size > MOST:
                    self.close()
                    raise aiohttp.ClientPayloadError("the answer has no end")
                blocks.append(block)
            self._body = b"".join(blocks)
        return await super().read()


class SentElsewhere(aiohttp.ClientError):
    """An answer sends us to another place."""


def staying() -> aiohttp.TraceConfig:
    """Have a session follow no redirect, whoever asks through it.

    Libraries would: what is said in private, and where that is one place still the token, would go
    to wherever an answer points.
    """
    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(_stay)
    return trace


async def _stay(
    _session: aiohttp.ClientSession, _context: object, told: aiohttp.TraceRequestRedirectParams
) -> None:
    told.response.close()
    raise SentElsewhere(f"a redirect (HTTP {told.response.status}), which is not followed")


class Closing(aiohttp.ClientWebSocketResponse):
    """A socket that is closed within `GOODBYE` seconds.

    The library waits ten seconds for the other side's goodbye, and ten more after each ping: one
    that is half-open would be waited for where a new one should be opened, perhaps for ever.
    """

    @override
    async def close(self, *, code: int = aiohttp.WSCloseCode.OK, message: bytes = b"") -> bool:
        try:
            async with asyncio.timeout(GOODBYE):
                return await super().close(code=code, message=message)
        except TimeoutError:
            return True
