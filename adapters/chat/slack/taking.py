"""Hands what was read to the intake, and tells whoever sent it why something was refused.

Decides who is told, and once; whether anything is answered is not decided here.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Final

from adapters.chat.slack.people import People
from adapters.chat.slack.stream import Streams
from adapters.chat.slack.wire import Handle
from core.errors import ChatError, UserError
from core.frames import Frame, Notice
from core.ports import Clock, Intake
from core.texts import intake as said
from core.types import Command, Edited, Incoming, Message, Press

REFUSED: Final = 200
"""How many refusals are remembered."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a receiver works with.

    `turn_in` gives the turn that is shown in a thread of a channel, blank if none is known;
    `quote` posts the question of `/moa ask` and gives its id, `unquote` takes it back; `home`
    shows somebody's App Home; `whisper` tells one person something; `aside` does something beside
    what is to be acknowledged.
    """

    intake: Intake
    people: People
    streams: Streams
    turn_in: Callable[[str, str], str]
    clock: Clock
    quote: Callable[[Command], Awaitable[str]]
    unquote: Callable[[Message], Coroutine[None, None, None]]
    home: Callable[[str], Coroutine[None, None, None]]
    whisper: Callable[[Command | Press, Frame], Awaitable[None]]
    aside: Callable[[Coroutine[None, None, None]], object]


class Taker:
    """Takes in what one account receives, and remembers what was refused."""

    def __init__(self, platform: str, can: Surroundings) -> None:
        """Take in for `platform`."""
        self._platform = platform
        self._can = can
        self._refused: deque[str] = deque(maxlen=REFUSED)

    def now(self) -> int:
        """Give the time in milliseconds, for what does not say when it was done."""
        return int(self._can.clock.now().timestamp() * 1000)

    async def take(self, incoming: Incoming, *, named: bool = True) -> None:
        """Take it in. `named`: Slack has said who it is by; else they may be let in all the same.

        Raises:
            StoreError: it is not stored.
        """
        if not incoming.at:
            incoming = replace(incoming, at=self.now())
        if incoming.event_id in self._refused:
            return  # the twin of a mention, which nobody should be told of twice
        try:
            await self._can.intake(incoming)
        except UserError as error:
            incoming = incoming.message if isinstance(incoming, Edited) else incoming
            self._refused.append(incoming.event_id)
            to = incoming if isinstance(incoming, Command | Press) else _asker(incoming)
            self.tell(to, str(error) if named else said.UNNAMED)

    def tell(self, to: Command | Press, text: str) -> None:
        """Tell somebody why something was refused; that does not hold up what is acknowledged."""
        self._can.aside(self._told(to, text))

    async def _told(self, to: Command | Press, text: str) -> None:
        try:
            await self._can.whisper(to, Frame(key="refused", content=Notice(text=text)))
        except ChatError as error:
            log.info("%s: nobody was told %r: %s", self._platform, text, error)


def _asker(incoming: Incoming) -> Command:
    """Make a message something that can be answered to its author alone."""
    thread = ""
    if isinstance(incoming, Message):
        thread = (incoming.reply_to or "").partition("/")[0]
        if thread == incoming.message_id:
            thread = ""  # in a thread that nobody has opened yet, a whisper is not seen
    return Command(
        event_id=incoming.event_id,
        address=incoming.address,
        author=incoming.author,
        name="",
        args="",
        at=incoming.at,
        handle=Handle(
            channel=incoming.address.channel, user=incoming.author.id, thread=thread
        ).write(),
    )
