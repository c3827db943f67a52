"""The client library's transport over a child process, instead of its own.

Its own keeps a message however long it is, takes time for that which grows with the square of the
length, and lets a server write on our standard error. Decides what becomes of output that is no
message: it is read over, and a request that was answered too long is told so.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TypeAlias

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import INTERNAL_ERROR, ErrorData, JSONRPCError, jsonrpc_message_adapter

from adapters.tools.child import Child, TooLong
from adapters.tools.results import printable

_Receiving: TypeAlias = MemoryObjectReceiveStream[SessionMessage | Exception]
_Arriving: TypeAlias = MemoryObjectSendStream[SessionMessage | Exception]
_Sending: TypeAlias = MemoryObjectSendStream[SessionMessage]
_Leaving: TypeAlias = MemoryObjectReceiveStream[SessionMessage]
_SAMPLE = 4096
"""Bytes of a line that is no message: more than is shown, so that no secret in it is cut."""
_CLOSED = (anyio.ClosedResourceError, anyio.BrokenResourceError)


@asynccontextmanager
async def pipes(
    child: Child, ended: Callable[[], None]
) -> AsyncGenerator[tuple[_Receiving, _Sending], None]:
    """Carry messages to and from a child, and end it on leaving; `ended` hears if it did before."""
    arriving, received = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    sent, leaving = anyio.create_memory_object_stream[SessionMessage](0)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_read(child, arriving, ended)),
            group.create_task(_write(child, leaving, arriving)),
            group.create_task(child.listen()),
        ]
        try:
            yield received, sent
        finally:
            received.close()
            sent.close()
            try:
                await child.end()
            finally:
                for task in tasks:
                    task.cancel()


async def _read(child: Child, arriving: _Arriving, ended: Callable[[], None]) -> None:
    """Hand over what is said; once nobody hears it, read on so that the child is not stuck."""
    with arriving:
        with suppress(OSError):
            async with aclosing(child.messages()) as lines:
                async for line in lines:
                    message = _instead(line) if isinstance(line, TooLong) else _message(line)
                    if message is None:
                        child.rubbish = child.rubbish or _sample(line, child)
                        continue
                    with suppress(*_CLOSED):
                        await arriving.send(message)
        await child.ended()
        ended()


async def _write(child: Child, leaving: _Leaving, arriving: _Arriving) -> None:
    with leaving, suppress(*_CLOSED, OSError):
        async for each in leaving:
            text = each.message.model_dump_json(by_alias=True, exclude_unset=True)
            await child.send(text.encode())
    arriving.close()  # nothing more can be said to it: the session is over


def _message(line: bytearray) -> SessionMessage | None:
    for mend in (bytes, _mended):
        with suppress(ValueError):
            said = jsonrpc_message_adapter.validate_json(mend(line), by_name=False)
            return SessionMessage(said)
    return None


def _mended(line: bytearray) -> bytes:
    """Write JSON anew without halves of characters: where a text was cut, there may be one."""
    try:
        said = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return b""
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")


def _instead(long: TooLong) -> SessionMessage | None:
    """Answer a request in the place of a result that was too long."""
    if long.request is None:
        return None
    error = ErrorData(code=INTERNAL_ERROR, message=f"The result is {long}.")
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=long.request, error=error))


def _sample(line: bytearray | TooLong, child: Child) -> str:
    if isinstance(line, TooLong):
        return str(line)
    return printable(child.strike(line[:_SAMPLE].decode("utf-8", "replace")))
