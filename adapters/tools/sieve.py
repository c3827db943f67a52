"""Keeps one bad entry of a server's list of tools from costing all the others.

The client library refuses a list whole if one tool in it is not as the protocol wants it. Decides
which entries can be read: as they are, or without what nobody here needs of them; the rest is left
out and said. Of a list that goes on and on only so much is looked at: that takes the loop's time.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Self

import structlog
from mcp.client import Transport
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCResponse, methods
from pydantic import ValidationError

from adapters.tools.results import printable

if TYPE_CHECKING:
    from types import TracebackType

    from mcp.client._transport import ReadStream, WriteStream

log = structlog.get_logger()

MOST_ENTRIES: Final = 1_024
"""Entries of one list that are looked at, four times what is offered at most."""
_NEEDED: Final = ("name", "title", "description", "inputSchema")
_MODERN: Final = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
_NEWEST: Final = "2026-07-28"


@asynccontextmanager
async def sieved(
    transport: Transport, server: str
) -> AsyncGenerator[tuple[_Sieve, WriteStream[SessionMessage]], None]:
    """Pass a transport on, with lists of tools that can be read."""
    async with transport as (arriving, leaving):
        yield _Sieve(arriving, server), leaving


class _Sieve:
    """What the library reads from (`ReadStream`)."""

    def __init__(self, arriving: ReadStream[SessionMessage | Exception], server: str) -> None:
        self._arriving = arriving
        self._server = server
        self._version = _NEWEST

    @property
    def last_context(self) -> object:
        """Whatever the library has put beside a message."""
        return getattr(self._arriving, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        return self._sift(await self._arriving.receive())

    async def aclose(self) -> None:
        await self._arriving.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        return self._sift(await self._arriving.__anext__())

    async def __aenter__(self) -> Self:
        await self._arriving.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return await self._arriving.__aexit__(kind, error, trace)

    def _sift(self, said: SessionMessage | Exception) -> SessionMessage | Exception:
        if not isinstance(said, SessionMessage) or not isinstance(said.message, JSONRPCResponse):
            return said
        result = said.message.result
        if isinstance(spoken := result.get("protocolVersion"), str):
            self._version = spoken
        if isinstance(tools := result.get("tools"), list):
            told = {**result, "tools": self._readable(tools)}
            said.message = said.message.model_copy(update={"result": told})
        return said

    def _readable(self, tools: list[object]) -> list[Mapping[str, Any]]:
        some = tools[:MOST_ENTRIES]
        read = [self._read(each) for each in some]
        lost = [tool for tool, found in zip(some, read, strict=True) if found is None]
        if left_out := len(lost) + len(tools) - len(some):
            log.warning(
                "tools_left_out",
                server=self._server,
                tools=left_out,
                why="what they say of themselves cannot be read" if lost else "too many",
                names=list(map(_name, lost[:5])),
            )
        return [each for each in read if each is not None]

    def _read(self, tool: object) -> Mapping[str, Any] | None:
        """Give a tool so that it can be read, None if it cannot.

        Without its annotations it no longer claims to only read, which is the safe side.
        """
        if not isinstance(tool, Mapping):
            return None
        if self._fits(tool):
            return tool
        bare = {key: tool[key] for key in _NEEDED if isinstance(tool.get(key), str | Mapping)}
        if isinstance(schema := bare.get("inputSchema"), Mapping):
            bare["inputSchema"] = {"type": "object", **schema}
        return bare if self._fits(bare) else None

    def _fits(self, tool: Mapping[str, Any]) -> bool:
        modern = _MODERN if self._version >= _NEWEST else {}
        try:
            methods.validate_server_result("tools/list", self._version, {"tools": [tool], **modern})
        except ValidationError:
            return False
        except KeyError:  # a version that the library itself does not check
            return True
        return True


def _name(tool: object) -> str:
    return printable(str(tool.get("name", "?")), limit=40) if isinstance(tool, Mapping) else "?"
