"""Makes the servers of tools out of the configuration.

Nothing is started before a turn wants it. The client library is imported with the first one that
is started, in a thread: it takes seconds, and most of its users never pay for it.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from core.errors import ConfigError
from core.ports import ToolServer
from gateway.logs import STRIKE
from gateway.signals import at_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.tools.link import Opener
    from adapters.tools.pins import Pins
    from gateway.config import Config


class ReviewedTool(Protocol):
    """A tool, held against what was approved."""

    @property
    def name(self) -> str:
        """What its server calls it."""
        ...

    @property
    def state(self) -> str:
        """One of approved, changed, new, gone, unnamed."""
        ...

    @property
    def changes(self) -> Sequence[str]:
        """What is new in it, as lines of a diff that a terminal can show."""
        ...


class OwnedServer(ToolServer, Protocol):
    """A tool server that has to be run, and whose tools an owner looks over."""

    @property
    def reviewed(self) -> Sequence[ReviewedTool]:
        """Every tool as it is listed now, or was approved."""
        ...

    async def approve(self) -> None:
        """Approve the tools as they are listed now.

        Raises:
            OSError: it cannot be kept.
        """
        ...

    async def run(self) -> None:
        """Start it when it is wanted, and own it until cancelled."""
        ...


def open_tools(config: Config) -> tuple[OwnedServer, ...]:
    """Make every configured server; each has to run to do anything.

    Raises:
        ConfigError: the client library is not installed; the text says how to.
    """
    if not config.settings.tools.servers:
        return ()
    if find_spec("mcp") is None:
        raise ConfigError(
            "tools: servers need a library that is not installed (mcp): "
            "pip install 'moa-gateway[tools]'"
        )
    from adapters.tools.child import end_all
    from adapters.tools.link import Options
    from adapters.tools.server import McpServer

    at_once.add(end_all)

    pins = _pins(config)
    return tuple(
        McpServer(
            Options(
                name=name,
                command=shape.command or (),
                url=shape.url or "",
                env={key: value.reveal() for key, value in shape.env.items()},
                cwd=shape.cwd,
                headers={key: value.reveal() for key, value in shape.headers.items() if value},
                only=None if shape.tools is None else frozenset(shape.tools),
                timeout=shape.timeout,
                connect=shape.connect,
                limit=shape.max_result,
                strike=STRIKE.text,
            ),
            load=_load,
            pins=pins,
        )
        for name, shape in config.settings.tools.servers.items()
    )


def held_tools(config: Config) -> Sequence[str]:
    """Say which servers' tools wait for an owner, as far as a running gateway has found any."""
    if not config.settings.tools.servers:
        return ()
    pins = _pins(config)
    return tuple(
        f"tools.servers.{name}: held back until 'moa-gateway tools approve {name}': "
        + ", ".join(held)
        for name in config.settings.tools.servers
        if (held := pins.held(name))
    )


def _pins(config: Config) -> Pins:
    from adapters.tools.pins import Pins

    return Pins(config.data_dir / "tools")


def _load() -> Opener:
    from adapters.tools.session import open_session

    return open_session
