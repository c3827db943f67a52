"""Shows an owner what tool servers list, and approves it; for the command line.

Decides the words. It starts the servers itself, beside a gateway that may be running: what is
approved here is approved there with the next turn.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from core.errors import ConfigError, UsageError
from core.signs import spelt
from gateway import wiring
from gateway.config.report import nearest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from gateway.config import Config

_STATES = {
    "approved": "offered",
    "changed": "CHANGED since it was approved, held back",
    "new": "NEW, held back",
    "gone": "gone, the server does not list it any more",
    "unnamed": "not named in the file, not offered",
}


async def show(config: Config, name: str | None, say: Callable[[str], None]) -> bool:
    """Say what the servers list, or one of them; False if one of them cannot be used.

    Raises:
        UsageError: there is no such server.
        ConfigError: the client library is not installed.
    """
    servers = _wanted(config, name)
    if not servers:
        say("No tool server is configured (tools.servers).")
    fine = True
    for server in servers:
        async with _started(server):
            for line in _lines(server):
                say(line)
            if any(tool.state in {"changed", "new"} for tool in server.reviewed):
                say(f"  Models get them with: moa-gateway tools approve {server.name}")
            fine = fine and bool(server.reviewed)
    return fine


async def approve(config: Config, name: str, say: Callable[[str], None]) -> bool:
    """Say what has changed of one server's tools and approve all that it lists now.

    Raises:
        UsageError: there is no such server.
        ConfigError: it cannot be kept, or the client library is not installed.
    """
    (server,) = _wanted(config, name)
    async with _started(server):
        for line in _lines(server):
            say(line)
        if not server.reviewed:
            return False
        try:
            await server.approve()
        except OSError as error:
            raise ConfigError(f"What was approved cannot be kept: {error}") from error
        say(f"{name}: approved as listed above.")
    return True


def _wanted(config: Config, name: str | None) -> tuple[wiring.OwnedServer, ...]:
    servers = wiring.open_tools(config)
    if name is None:
        return servers
    found = tuple(server for server in servers if server.name == name)
    if not found:
        known = [server.name for server in servers]
        raise UsageError(f"There is no tool server {name!r}{nearest(name, known)}.")
    return found


@asynccontextmanager
async def _started(server: wiring.OwnedServer) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        owner = group.create_task(server.run())
        await server.ready()
        try:
            yield
        finally:
            owner.cancel()


def _lines(server: wiring.OwnedServer) -> Iterator[str]:
    if not server.reviewed:
        yield f"{server.name}: {server.problem or 'lists no tools'}"
        return
    count = len(server.tools())
    yield f"{server.name}: {count} {'tool is' if count == 1 else 'tools are'} offered"
    for tool in server.reviewed:
        yield f"  {spelt(tool.name)}: {_STATES[tool.state]}"
        yield from (f"      {line}" for line in tool.changes)
