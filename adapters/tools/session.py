"""A connection to a tool server through the client library, which is imported here.

Decides how a server is spoken to and what its errors come to: a result that a model can read, or
the end of the connection. No exception of the library, or of what is under it, leaves this file.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Any, Final, Literal, TypeAlias

import mcp_types as types
from mcp import Client, MCPError
from mcp.client import Transport
from mcp.client.session import IncomingMessage
from mcp.client.streamable_http import streamable_http_client
from pydantic import ValidationError

from adapters.tools.causes import cause, leaves
from adapters.tools.child import LONGEST_MESSAGE, Child, start
from adapters.tools.link import Heard, Options, ToolsGone
from adapters.tools.listing import Listed
from adapters.tools.pipes import pipes
from adapters.tools.results import placeholder, printable, whole
from adapters.tools.sieve import sieved
from adapters.tools.web import Refusals, http_client
from core.ports import ToolResult

# They log whole messages, and addresses with whatever key stands in them; what matters of it is
# said here.
for _name in ("mcp", "client", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

_PAGES: Final = 50
_ENOUGH: Final = 4_000_000
"""Characters of tools after which no further page is asked for: ten times what is offered."""
STUCK: Final = 10.0
"""Seconds that a call may take longer than its time before its server counts as stuck."""
_CLOSED: Final = (types.CONNECTION_CLOSED, "Connection closed")
_LATE: Final = (types.REQUEST_TIMEOUT, "Request 'tools/call' timed out")
_FORGOTTEN: Final = (types.INVALID_REQUEST, "Session terminated")
_Era: TypeAlias = Literal["legacy", "auto"]


@asynccontextmanager
async def open_session(options: Options, heard: Heard) -> AsyncGenerator[McpSession, None]:
    """Connect to a server; it is let go of, and its program ended, on leaving.

    Raises:
        ToolsGone: it cannot be reached, or the connection broke in the meantime.
    """
    line = _Line(options, heard)
    try:
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(options.connect):
                client = await line.connect(stack)
            yield McpSession(client, line)
    except Exception as error:
        raise line.gone(error) from error


class _Line:
    """The way to one server: how it is reached, and what is left to say when it ends."""

    def __init__(self, options: Options, heard: Heard) -> None:
        self.options = options
        self._heard = heard
        self._child: Child | None = None
        self._refusals = Refusals()

    async def connect(self, stack: AsyncExitStack) -> Client:
        """Shake hands, as nearly all servers can; one that refuses is asked what it speaks.

        The other way round, a server that leaves unknown questions unanswered would cost seconds.
        """
        try:
            return await stack.enter_async_context(await self._client(stack, "legacy"))
        except (MCPError, RuntimeError, ExceptionGroup) as error:
            refused = any(isinstance(each, MCPError | RuntimeError) for each in leaves(error))
            if not refused or self.over is not None:
                raise
        return await stack.enter_async_context(await self._client(stack, "auto"))

    async def _client(self, stack: AsyncExitStack, era: _Era) -> Client:
        return Client(
            sieved(await self._transport(stack), self.options.name),
            mode=era,
            read_timeout_seconds=self.options.timeout,
            message_handler=self._hear,
            client_info=types.Implementation(name="moa-gateway", version=version("moa-gateway")),
            cache=None,
        )

    async def _transport(self, stack: AsyncExitStack) -> Transport:
        options = self.options
        if options.command:
            self._child = await start(options)
            return pipes(self._child, self._heard.ended)
        http = await stack.enter_async_context(http_client(options, self._refusals))
        return streamable_http_client(
            options.url, http_client=http, max_sse_event_size=LONGEST_MESSAGE
        )

    async def _hear(self, message: IncomingMessage) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            self._heard.changed()

    @property
    def over(self) -> ToolsGone | None:
        """Why its program has ended by itself, if it has."""
        return self._child.gone if self._child else None

    def gone(self, error: Exception) -> ToolsGone:
        """Say why there is no connection."""
        known = next((each for each in leaves(error) if isinstance(each, ToolsGone)), self.over)
        if known is not None:
            return known
        why = cause(error, self.options, self._refusals.status)
        if self._child is None:
            return ToolsGone(why)
        strange = ", and what it writes to its output is not MCP" if self._child.rubbish else ""
        return ToolsGone(f"{why}{strange}", detail=self._child.detail)


class McpSession:
    """A connection that stands."""

    def __init__(self, client: Client, line: _Line) -> None:
        """Take a client that has connected."""
        self._client = client
        self._line = line

    @property
    def over(self) -> ToolsGone | None:
        """Why it has ended by itself, if it has."""
        return self._line.over

    async def listed(self) -> Sequence[Listed]:
        """Ask for all tools, page by page.

        Raises:
            ToolsGone: they could not be had.
        """
        found: list[Listed] = []
        try:
            async with asyncio.timeout(self._line.options.connect):
                await self._read_into(found)
        except TimeoutError as error:
            raise self._line.gone(error) from error
        except ValidationError as error:
            raise ToolsGone("its list of tools cannot be read") from error
        except MCPError as error:
            if error.error.code != types.METHOD_NOT_FOUND:
                raise self._line.gone(error) from error
        return found

    async def _read_into(self, found: list[Listed]) -> None:
        cursor: str | None = None
        for _ in range(_PAGES):
            page = await self._client.list_tools(cursor=cursor)
            found += [_listed(each, self._line.options.strike) for each in page.tools]
            cursor = page.next_cursor
            if not cursor or sum(each.length for each in found) > _ENOUGH:
                break

    async def call(self, tool: str, arguments: dict[str, Any]) -> ToolResult:
        """Call a tool by its own name; what the server complains about is a result.

        Raises:
            ToolsGone: the connection ended, or is of no use any more.
        """
        options = self._line.options
        params = types.CallToolRequestParams(name=tool, arguments=arguments)
        try:
            async with asyncio.timeout(options.timeout + STUCK):
                # Below the library's own `call_tool`, which refuses a result whole if it does not
                # keep to the schema that the server gave: a model can still read it.
                result = await self._client.session.send_request(
                    types.CallToolRequest(params=params),
                    types.CallToolResult,
                    request_read_timeout_seconds=options.timeout,
                )
        except TimeoutError as error:
            raise ToolsGone("it takes in no more calls") from error
        except ValidationError:
            return ToolResult(text="The tool answered, but not with a result.", failed=True)
        except MCPError as error:
            return self._refused(error)
        parts = _parts(result, options.strike)
        return ToolResult(text=whole(parts, limit=options.limit), failed=result.is_error)

    def _refused(self, error: MCPError) -> ToolResult:
        """Make a result of an error, unless the connection is what ended.

        Raises:
            ToolsGone: it is.
        """
        options, code, message = self._line.options, error.error.code, error.error.message
        if (code, message) == _CLOSED:
            raise self.over or ToolsGone("the connection ended") from error
        if (code, message) == _FORGOTTEN:
            raise ToolsGone("it has ended the session", unsent=True) from error
        if (code, message) == _LATE:
            text = (
                f"The tool did not answer within {options.timeout:g} seconds and was told to "
                "stop. Whether it has done anything is unknown."
            )
        else:
            text = f"The call was refused: {printable(options.strike(message), limit=1000)}"
        return ToolResult(text=text, failed=True)


def _listed(tool: types.Tool, strike: Callable[[str], str]) -> Listed:
    """Take a tool as it is listed; what it was confided, its server may have written into it."""
    schema = json.dumps(tool.input_schema)
    struck = strike(schema)
    return Listed(
        name=tool.name,
        description=strike(tool.description or tool.title or ""),
        parameters=tool.input_schema if struck == schema else json.loads(struck),
        reads_only=bool(tool.annotations and tool.annotations.read_only_hint),
    )


def _parts(result: types.CallToolResult, strike: Callable[[str], str]) -> Iterator[str]:
    """Give what a result holds as text; the structured form only where there is no other."""
    for each in result.content:
        yield _part(each, strike)
    if not result.content and result.structured_content is not None:
        yield strike(json.dumps(result.structured_content, ensure_ascii=False))


def _part(block: types.ContentBlock, strike: Callable[[str], str]) -> str:
    match block:
        case types.TextContent():
            return strike(block.text)
        case types.ImageContent():
            return placeholder("image", strike(block.mime_type), len(block.data))
        case types.AudioContent():
            return placeholder("audio", strike(block.mime_type), len(block.data))
        case types.ResourceLink():
            return f"[{printable(strike(block.name))}: {printable(strike(str(block.uri)))}]"
        case types.EmbeddedResource():
            return _resource(block.resource, strike)


def _resource(
    resource: types.TextResourceContents | types.BlobResourceContents, strike: Callable[[str], str]
) -> str:
    name = printable(strike(str(resource.uri)))
    if isinstance(resource, types.TextResourceContents):
        return f"[{name}]\n{strike(resource.text)}"
    return placeholder(f"file {name}", strike(resource.mime_type or ""), len(resource.blob))
