"""A server of tools, from its first use to the end of the program.

Decides when it is started (by the first turn that may use it) and started again (by the next one
after it has gone, after longer and longer pauses). One task owns the connection, and alone opens
and closes it; calls are made by whoever calls. It authorises nothing, and knows the client library
by its `Opener` alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import structlog

from adapters.tools import arguments
from adapters.tools.link import Heard, Opener, Options, Session, ToolsGone
from adapters.tools.listing import usable
from adapters.tools.offers import Offer, Offers
from adapters.tools.pins import Pins, Reviewed
from adapters.tools.results import printable
from core.ports import ToolResult
from core.types import Json, Tool, ToolCall

log = structlog.get_logger()

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
STEADY: Final = 60.0
"""Seconds that a connection has to last for its end to be no sign of trouble."""
FRESH: Final = 900.0
"""Seconds after which a server in use is asked for its tools again: not every one says when they
have changed."""
BETWEEN: Final = 1.0
"""Seconds from one listing to the next at least, however often a server says that it changed."""
IMPATIENT: Final = 2.0
"""Seconds that a turn waits for a server that could not be started the last time: it goes on
starting, and whoever asks next may find it there."""
_IMPORTING: Final = 60.0
_NAMED: Final = 20  # tools in one sentence
_HELD: Final = "its tools are new or have changed, and wait for an owner to approve them"


class McpServer:
    """Somebody else's tools (`ToolServer`). `run` has to run for it to do anything."""

    def __init__(self, options: Options, *, load: Callable[[], Opener], pins: Pins) -> None:
        """`load` imports the client library, which takes seconds; it is called in a thread."""
        self._options = options
        self._load = load
        self._offers = Offers(options, pins)
        self._offer = Offer()
        self._wanted = asyncio.Event()
        self._settled = asyncio.Event()
        self._stirred = asyncio.Event()
        self._starting = False
        self._connected: Session | None = None
        self._lost: ToolsGone | None = None
        self._failing = False
        self._stale = False
        self._listed_at = 0.0
        self._not_before = 0.0
        self._pause = 0.0
        self._why = "it has not been started yet"

    @property
    def name(self) -> str:
        """What the configuration calls it."""
        return self._options.name

    @property
    def problem(self) -> str:
        """Why none of its tools can be used now; "" if they can."""
        if self._session is None:
            return self._why
        return _HELD if self._offer.held and not self._offer.tools else ""

    @property
    def reviewed(self) -> Sequence[Reviewed]:
        """Every tool as it is listed now, or was approved."""
        return self._offer.reviewed

    @property
    def _session(self) -> Session | None:
        """The connection, unless it has ended already and is only not yet let go of."""
        session = self._connected
        return session if session is not None and session.over is None else None

    def tools(self) -> Sequence[Tool]:
        """Give what is offered now."""
        return self._offer.tools if self._session is not None else ()

    async def approve(self) -> None:
        """Approve the tools as they are listed now.

        Raises:
            OSError: it cannot be kept.
        """
        self._offer = await asyncio.to_thread(self._offers.approve, self._offer)

    # --- whoever uses it ------------------------------------------------------------------

    async def ready(self) -> None:
        """Start it if it is not at work; `problem` says how that went."""
        now = asyncio.get_running_loop().time()
        if self._session is not None:
            if self._offer.held:  # somebody may have approved them
                await self._look_again(self._offer)
            if now > self._listed_at + FRESH:
                self._changed()
        elif now >= self._not_before:
            await self._start()

    async def _look_again(self, known: Offer) -> None:
        offer = await asyncio.to_thread(self._offers.make, known.listed)
        if self._offer is known:  # else the server has listed anew, or is gone, in the meantime
            self._offer = offer

    async def _start(self) -> None:
        if not self._starting:
            self._settled.clear()
            self._wanted.set()
        patience = IMPATIENT if self._failing else self._options.connect + _IMPORTING
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._settled.wait()

    async def call(self, call: ToolCall) -> ToolResult:
        """Run one of its tools; whatever goes wrong is a result that a model can read."""
        try:
            wanted = arguments.read(call.arguments)
        except ValueError as error:
            return _not_run(str(error))
        result = await self._call(call.name, wanted)
        return result or await self._call(call.name, wanted) or _not_run(self._unusable)

    async def _call(self, name: str, wanted: dict[str, Json]) -> ToolResult | None:
        """Make one attempt; None if it met nobody, so that it may be made again."""
        if self._session is None:
            await self.ready()
        session = self._session
        if session is None:
            return _not_run(self._unusable)
        tool = self._offer.own.get(name)
        if tool is None:
            return _not_run(self._unknown(name))
        try:
            return await session.call(tool, wanted)
        except ToolsGone as gone:
            self._let_go(session, gone)
            text = f"The tool server {self.name!r} is gone: {gone}."
            if gone.unsent:
                return None
            return ToolResult(text=f"{text} Whether it did anything is unknown.", failed=True)

    @property
    def _unusable(self) -> str:
        return f"The tool server {self.name!r} cannot be used: {self.problem}."

    def _unknown(self, name: str) -> str:
        known = ", ".join(tool.name for tool in self._offer.tools[:_NAMED])
        return f"There is no tool {printable(name)!r}. This server offers: {known or 'nothing'}."

    def _let_go(self, session: Session, gone: ToolsGone) -> None:
        """Have the owner let go of a connection that a call has found to be of no use."""
        if self._connected is session:
            self._connected = None
            self._lost = gone
            self._why = str(gone)
            self._stirred.set()

    # --- its owner ------------------------------------------------------------------------

    async def run(self) -> None:
        """Own one connection after the other, until cancelled."""
        clock, owner = asyncio.get_running_loop().time, asyncio.current_task()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            began = clock()
            try:
                await self._live()
            except ToolsGone as gone:
                self._ended(gone, clock() - began)
                if owner is not None and owner.cancelling():
                    # What broke while it was cancelled must not be what it goes on after.
                    raise asyncio.CancelledError from gone
            finally:
                self._starting = False
                self._connected, self._offer = None, Offer()
                if not self._wanted.is_set():  # else whoever waits, waits for the next one
                    self._settled.set()

    async def _live(self) -> None:
        """Connect, offer, and stay until the connection ends.

        Raises:
            ToolsGone: it has ended, or never began.
        """
        self._starting = True
        opener = await asyncio.to_thread(self._load)
        self._stirred.clear()
        self._lost, self._stale = None, False
        heard = Heard(changed=self._changed, ended=self._stirred.set)
        async with opener(self._options, heard) as session:
            await self._list(session)
            self._stay(session)
            self._connected, self._starting, self._failing = session, False, False
            self._settled.set()
            log.info("tool_server_ready", server=self.name, tools=len(self._offer.tools))
            while True:
                await self._stir()
                self._stirred.clear()
                self._stay(session)
                if self._stale and self._early <= 0:
                    self._stale = False
                    await self._list(session)

    @property
    def _early(self) -> float:
        """How many seconds are left until it may be asked again what it has."""
        return self._listed_at + BETWEEN - asyncio.get_running_loop().time()

    async def _stir(self) -> None:
        """Wait until something has happened, or what did may be looked at."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(self._early, 0.0) if self._stale else None):
                await self._stirred.wait()

    def _stay(self, session: Session) -> None:
        if (gone := self._lost or session.over) is not None:
            raise gone

    async def _list(self, session: Session) -> None:
        told = await session.listed()
        listed = usable(told)
        if len(listed) < len(told):  # too many, too long, or twice the same
            log.warning("tools_left_out", server=self.name, tools=len(told) - len(listed))
        self._listed_at = asyncio.get_running_loop().time()
        self._offer = await asyncio.to_thread(self._offers.make, listed)

    def _changed(self) -> None:
        """Have the owner ask for the tools again."""
        self._stale = True
        self._stirred.set()

    def _ended(self, gone: ToolsGone, lasted: float) -> None:
        """Say why, and how soon it may be started again: at once, unless that happens often."""
        self._failing = self._starting
        if lasted > STEADY:
            self._pause = 0.0
        self._not_before = asyncio.get_running_loop().time() + self._pause
        self._why = str(gone)
        log.warning(
            "tool_server_gone",
            server=self.name,
            why=self._why,
            said=gone.detail or None,
            again_in=self._pause,
        )
        self._pause = min(max(FIRST_PAUSE, 2 * self._pause), LONGEST_PAUSE)


def _not_run(text: str) -> ToolResult:
    return ToolResult(text=text, failed=True, ran=False)
