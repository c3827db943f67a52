"""One browser's event stream: news as they come, a heartbeat where there are none.

Decides when a browser is let go: when it does not take what was written, or when the program
stops. A browser that comes back says what it saw last, and is told to look again if it missed
anything.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from adapters.chat.web.body import encode
from adapters.chat.web.rooms import Browser, News, Rooms, Shown
from adapters.chat.web.state import shown_view

HEARTBEAT = 12.0
"""Seconds between signs of life, so that a dead connection is noticed."""
PATIENCE = 20.0
"""Seconds that a browser has to take what was written."""

_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # proxies would hold the stream back
}


async def stream(request: web.Request, rooms: Rooms, session: str) -> web.StreamResponse:
    """Write events until the browser goes, is too slow, or is let go.

    Raises:
        Overloaded: too many pages are open.
    """
    with rooms.listen(session, _seen(request)) as browser:
        response = web.StreamResponse(headers=_HEADERS)
        await response.prepare(request)
        try:
            await response.write(b"retry: 1000\n\n")
            while not browser.closed:
                piece = await _next_piece(browser)
                async with asyncio.timeout(PATIENCE):
                    await response.write(piece)
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            pass  # the browser has gone; the stream ends
    return response


async def _next_piece(browser: Browser) -> bytes:
    try:
        async with asyncio.timeout(HEARTBEAT):
            news = await browser.next()
    except TimeoutError:
        return b": still here\n\n"
    return b"".join(event(each) for each in news) or b": end\n\n"


def event(news: News) -> bytes:
    """Write one event; its id is the version, for a browser that comes back."""
    if isinstance(news, Shown):
        kind, data = "frame", encode(shown_view(news))
    else:
        kind, data = news.kind, encode({"id": news.id, "version": news.version})
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (news.version, kind.encode(), data)


def _seen(request: web.Request) -> int:
    seen = request.headers.get("Last-Event-ID") or request.query.get("after", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 20 else 0
