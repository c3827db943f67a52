"""The floor: the least code that does a turn's I/O. No failure is handled, nothing is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import lru_cache
from time import perf_counter

import aiohttp

from bench.scene import Scene, Took

Message = dict[str, str]


@lru_cache
def _messages_of(scene: Scene) -> list[Message]:
    return [{"role": role, "content": text} for role, text in scene.said()]


def bare() -> aiohttp.ClientSession:
    """Open a session without limits, cookies or anything else."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
    )


class Floor:
    """Asks over one session, as a script would that somebody writes in an hour."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self._url = f"{base_url}/chat/completions"

    async def turn(self, scene: Scene) -> Took:
        """Ask the references at once, then the aggregator."""
        messages = _messages_of(scene)
        began, first = perf_counter(), 0.0

        def heard(_: str) -> None:
            nonlocal first
            first = first or perf_counter() - began

        session, url = self._session, self._url
        async with asyncio.TaskGroup() as group:
            asked = [
                group.create_task(ask(session, url, plan.model, messages))
                for plan in scene.references
            ]
        advised = perf_counter() - began
        advice = "\n\n".join(task.result() for task in asked)
        said = [*messages, {"role": "user", "content": advice}]
        await ask(session, url, scene.aggregator.model, said, heard)
        return Took(first=first, whole=perf_counter() - began, advised=advised)


async def ask(
    session: aiohttp.ClientSession,
    url: str,
    model: str,
    messages: list[Message],
    heard: Callable[[str], None] | None = None,
) -> str:
    """Ask a model, streamed, and give its whole answer."""
    body = {"model": model, "stream": True, "messages": messages}
    pieces: list[str] = []
    async with session.post(
        url, data=json.dumps(body), headers={"Content-Type": "application/json"}
    ) as response:
        async for line in response.content:
            if not line.startswith(b"data: {"):
                continue
            for choice in json.loads(line[6:])["choices"]:
                text = choice["delta"].get("content")
                if text:
                    pieces.append(text)
                    if heard is not None:
                        heard(text)
    return "".join(pieces)
