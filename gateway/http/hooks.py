"""Mounts what platforms post to us: webhooks and events.

Decides how much of a body is read, and for how long. Who posts is told by a signature that the
adapter itself checks, so the walls let these paths through: a platform has no token of ours, and
comes under whatever name a proxy in front of us has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from gateway.wiring import Hook, Messenger

BODY_BYTES = 1024 * 1024
"""The longest body that is read; what platforms post has some kilobytes."""
BODY_SECONDS = 10.0
"""How long it may take to come: whoever posts it is not known before."""


def hooks_of(messengers: Iterable[Messenger]) -> Mapping[str, Hook]:
    """Collect the hooks of all messengers, by path."""
    return {path: hook for each in messengers for path, hook in each.hooks.items()}


def mount(hooks: Mapping[str, Hook], router: web.UrlDispatcher) -> None:
    """Add the routes."""
    for path, hook in hooks.items():
        router.add_post(path, _Capped(hook).answer)


class _Capped:
    """A hook that reads no more than it may."""

    def __init__(self, hook: Hook) -> None:
        self._hook = hook

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer, or refuse what is too long (413) or does not come (408)."""
        if (request.content_length or 0) > BODY_BYTES:
            raise web.HTTPRequestEntityTooLarge(BODY_BYTES, request.content_length or 0)
        capped = request.clone(client_max_size=BODY_BYTES)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                await capped.read()  # which keeps it
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        return await self._hook(capped)
