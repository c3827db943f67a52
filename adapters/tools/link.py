"""What the owner of a server and its connection say to one another.

Decides nothing: a connection is opened with `Options`, is a `Session` while it lasts, and ends
with a `ToolsGone`. Needs no client library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from adapters.tools.listing import Listed
from core.ports import ToolResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A server, as the configuration has it: a command or a URL, never both.

    `timeout` is for each call, `connect` for the start, in seconds. `limit` is how many characters
    of a result are kept. `strike` takes secrets out of what it says, before any of it is cut.
    `only` names the tools that are offered, None for all.
    """

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    only: frozenset[str] | None = None
    timeout: float = 60.0
    connect: float = 30.0
    limit: int = 20_000
    strike: Callable[[str], str] = str


class ToolsGone(Exception):
    """There is no connection (any more). The text goes on after the server's name.

    `detail` is for the operator's log: what the server itself said last. `unsent`: a call that met
    this was not carried out, and may be made again.
    """

    def __init__(self, why: str, *, detail: str = "", unsent: bool = False) -> None:
        """Take the cause, without a full stop."""
        super().__init__(why)
        self.detail = detail
        self.unsent = unsent


class Session(Protocol):
    """A connection that stands."""

    @property
    def over(self) -> ToolsGone | None:
        """Why it has ended by itself, if it has."""
        ...

    async def listed(self) -> Sequence[Listed]:
        """Ask for all tools.

        Raises:
            ToolsGone: it could not be had.
        """
        ...

    async def call(self, tool: str, arguments: dict[str, Any]) -> ToolResult:
        """Call a tool by its own name; what the server complains about is a result.

        Raises:
            ToolsGone: the connection ended, or is of no use any more.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Whom a connection tells of what happens beside calls; neither may block."""

    changed: Callable[[], None]
    ended: Callable[[], None]


Opener: TypeAlias = Callable[[Options, Heard], AbstractAsyncContextManager[Session]]
"""Connects on entering and lets go of everything on leaving, in one task.

Entering raises ToolsGone.
"""
