"""Whether the program lives, whether it can answer, and what it counts. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

Unready = Callable[[], str]
"""Why no preset can answer now; empty once one can."""


@dataclass(frozen=True, slots=True)
class Health:
    """The three addresses that machines look at."""

    unready: Unready
    registry: CollectorRegistry
    refused: Callable[[], Collection[str]]

    async def alive(self, request: web.Request) -> web.Response:
        """GET /healthz: the process answers."""
        return web.Response(text="ok\n")

    async def ready(self, request: web.Request) -> web.Response:
        """GET /readyz: 200 once a preset can answer, and how many chats are not let in.

        Those change nothing of it, for the others go on; `/metrics` and the log name them.
        """
        reason = self.unready()
        if reason:
            return web.json_response({"ready": False, "reason": reason}, status=503)
        refused = len(self.refused())
        return web.json_response({"ready": True} | ({"chats_refused": refused} if refused else {}))

    async def metrics(self, request: web.Request) -> web.Response:
        """GET /metrics, for Prometheus; the owner's token is needed."""
        return web.Response(
            body=generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    def mount(self, router: web.UrlDispatcher) -> None:
        """Add every address."""
        router.add_get("/healthz", self.alive)
        router.add_get("/readyz", self.ready)
        router.add_get("/metrics", self.metrics)
