"""Mounts what platforms post to us: webhooks and events.

Decides how much of a body is read. Who posts is told by a signature that the adapter itself
checks, so the walls let these paths through: a platform has no token of ours, and comes under
whatever name a proxy in front of us has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from gateway.wiring import Hook, Messenger

BODY_BYTES = 1024 * 1024
"""The longest body that is read; what platforms post has some kilobytes."""


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
        """Answer, or refuse what is too long (413)."""
        if (request.content_length or 0) > BODY_BYTES:
            raise web.HTTPRequestEntityTooLarge(BODY_BYTES, request.content_length or 0)
        return await self._hook(request.clone(client_max_size=BODY_BYTES))
