"""What this machine offers a newcomer: keys in the environment, local servers, the small model.

Decides what is there, and in which order it is offered. It sends nothing but `GET /v1/models`,
to this machine alone; it never reads a key further than to see that there is one, and never
calls a model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
import msgspec

from gateway.newcomer.offers import KNOWN, Offer, keyed, mixed, served, small, usable

PATIENCE = 0.3
"""Seconds that a local server may take to say what it has."""
LONGEST_LIST = 1 << 20  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """A program that serves models on its usual port."""

    name: str
    title: str
    port: int


SERVERS = (
    LocalServer(name="ollama", title="Ollama", port=11434),
    LocalServer(name="lmstudio", title="LM Studio", port=1234),
    LocalServer(name="llamacpp", title="llama.cpp", port=8080),
)

NO_CHAT = ("embed", "rerank", "whisper", "tts", "bge-", "stable-diffusion", "flux")
"""In the name of a model that does not talk."""


class _Model(msgspec.Struct):
    id: str


class _List(msgspec.Struct):
    data: list[_Model]


async def discover(
    environ: Mapping[str, str],
    *,
    servers: Iterable[LocalServer] = SERVERS,
    patience: float = PATIENCE,
) -> tuple[Offer, ...]:
    """Give every preset that can be tried here, the best first; the small model comes last."""
    owned = [known for known in KNOWN if usable(known, environ)]
    found = await _answering(tuple(servers), patience)
    return (
        *([mixed(owned)] if len(owned) > 1 else []),
        *(keyed(known) for known in owned),
        *(served(each.name, each.title, each.port, models) for each, models in found if models),
        small(),
    )


async def _answering(
    servers: Sequence[LocalServer], patience: float
) -> list[tuple[LocalServer, list[str]]]:
    """Ask all at once; give the models of each, none where nothing of the kind answers."""
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(_models(session, each, patience)) for each in servers]
        return [(server, task.result()) for server, task in zip(servers, asked, strict=True)]


async def _models(
    session: aiohttp.ClientSession, server: LocalServer, patience: float
) -> list[str]:
    url = f"http://127.0.0.1:{server.port}/v1/models"
    wait = aiohttp.ClientTimeout(total=patience)
    try:
        async with session.get(url, timeout=wait, allow_redirects=False) as response:
            body = await _body(response)
        listed = msgspec.json.decode(body, type=_List).data
    except (aiohttp.ClientError, OSError, ValueError, RecursionError):
        return []  # something else lives there, or nothing
    names = (model.id.strip() for model in listed)
    return [name for name in dict.fromkeys(names) if _talks(name)]


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """Read a small body of a success; anything else is no list."""
    if response.status != HTTPStatus.OK:
        return b""
    body = b""
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > LONGEST_LIST:
            return b""
    return body


def _talks(name: str) -> bool:
    return bool(name) and not any(word in name.lower() for word in NO_CHAT)
