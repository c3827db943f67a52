"""Tool servers of others and of ours, and what is needed to talk to them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from adapters.tools.link import Opener, Options
from adapters.tools.pins import Pins
from adapters.tools.server import McpServer
from core.ports import ToolResult
from core.types import ToolCall

SIMULATOR = Path(__file__).parents[2] / "simulators" / "mcp_stdio.py"


def load() -> Opener:
    from adapters.tools.session import open_session  # noqa: PLC0415 - as the program does it

    return open_session


@asynccontextmanager
async def at_work(options: Options, pins: Pins) -> AsyncIterator[McpServer]:
    server = McpServer(options, load=load, pins=pins)
    async with asyncio.TaskGroup() as group:
        owner = group.create_task(server.run())
        try:
            yield server
        finally:
            owner.cancel()


@pytest.fixture
def pins(tmp_path) -> Pins:
    return Pins(tmp_path / "pins")


@pytest.fixture
async def use(pins):
    """Start a server; it is ended with the test."""
    async with AsyncExitStack() as stack:

        async def start(name: str = "t", **wanted) -> McpServer:
            wanted.setdefault("connect", 50.0)
            server = await stack.enter_async_context(at_work(Options(name=name, **wanted), pins))
            await server.ready()
            return server

        yield start


def simulated(*options: object) -> tuple[str, ...]:
    """Give the command of our own bad server."""
    return (sys.executable, str(SIMULATOR), *map(str, options))


async def call(server: McpServer, tool: str, **arguments) -> ToolResult:
    return await server.call(asked(f"{server.name}__{tool}", json.dumps(arguments)))


@contextmanager
def hurried(server: McpServer, seconds: float = 0.5) -> Iterator[None]:
    """Let calls have no longer than that; those with an answer may need more where much runs."""
    usual = server._options.timeout
    object.__setattr__(server._options, "timeout", seconds)
    try:
        yield
    finally:
        object.__setattr__(server._options, "timeout", usual)


def asked(name: str, arguments: str = "{}") -> ToolCall:
    return ToolCall(id="1", name=name, arguments=arguments)


def offered(server: McpServer) -> list[str]:
    return [tool.name.partition("__")[2] for tool in server.tools()]
