"""The terminal as a chat platform: the port that delivery speaks to.

Decides when a turn's messages are complete, so that they are printed once, as clean text. It does
not read what is typed: whoever owns the keyboard hands that in.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from typing_extensions import override

from adapters.chat.console.normalise import PLATFORM
from adapters.chat.console.render import Shown
from adapters.chat.console.screen import Screen
from core.errors import Overloaded
from core.frames import Button, File, Frame, Notice, Panel, Part, Permission
from core.ports import Capabilities, ChatAdapter, Intake
from core.texts import intake as said
from core.types import Address, Command, Incoming, Message, Press

PANEL_GRACE = 1.0
"""Seconds that a whole answer waits for the last state of its panel, which is sent after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A turn that is over and printed. `error` is a sentence, empty if there is an answer."""

    turn_id: str
    error: str = ""
    panel: Panel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody has to allow a call of a tool; `value` is its button's."""

    turn_id: str
    value: str


class ConsoleChat(ChatAdapter):
    """Shows turns on a screen; a `core.ports.ChatAdapter`."""

    def __init__(self, screen: Screen) -> None:
        """Show on `screen`; `started` is set once something can be taken in."""
        self.started = asyncio.Event()
        self._screen = screen
        self._intake: Intake | None = None
        self._turns: dict[str, Shown] = {}
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._settled: set[str] = set()
        self._ended: asyncio.Queue[Ended] = asyncio.Queue()
        self._said = asyncio.Event()
        self._permissions: asyncio.Queue[Asked] = asyncio.Queue()
        self._asked: set[Asked] = set()

    @property
    @override
    def platform(self) -> str:
        """Always `console`: a process has one terminal."""
        return PLATFORM

    @override
    def capabilities(self, address: Address) -> Capabilities:
        """No limit that matters, ten pictures a second, words from the first one."""
        return Capabilities(limit=10_000_000, pace=0.1, opening=1)

    @override
    async def run(self, intake: Intake) -> None:
        self._intake = intake
        self.started.set()
        try:
            await asyncio.Event().wait()
        finally:
            self._intake = None

    async def take_in(self, incoming: Incoming) -> None:
        """Hand on what was typed; once this returns it is stored.

        Raises:
            Overloaded: the gateway is starting or stopping.
            UserError, StoreError: as the intake says; it is not stored.
        """
        if self._intake is None:
            raise Overloaded(said.NOT_READY)
        while not self._ended.empty():
            self._ended.get_nowait()  # nobody waits for the end of an older turn any more
        await self._intake(incoming)

    async def ended(self) -> Ended:
        """Wait for the next turn that is over."""
        return await self._ended.get()

    async def command(self, command: Command) -> None:
        """Hand on a command, and wait until it has been answered in a sentence.

        Raises:
            Overloaded, UserError, StoreError: as `take_in`.
        """
        self._said.clear()
        await self.take_in(command)
        await self._said.wait()

    async def permission(self) -> Asked:
        """Wait for the next call of a tool that somebody has to allow."""
        return await self._permissions.get()

    async def decide(self, press: Press) -> None:
        """Hand on whether it is allowed.

        Raises:
            UserError, StoreError: as the intake says; it is not stored.
        """
        if self._intake is not None:
            await self._intake(press)

    @override
    async def acknowledge(self, message: Message) -> None:
        self.asked()

    def asked(self) -> None:
        """Show at once that something was asked."""
        self._screen.show(Shown(turn_id=""))

    @override
    async def post(
        self, address: Address, frame: Frame, *, delivery_id: str, reply_to: str | None = None
    ) -> str:
        match frame.content:
            case Notice(text=text):
                self._screen.say(text)
                self._said.set()
                return delivery_id
            case Permission() as permission:
                self._ask(permission, frame.buttons)
            case Panel() as panel:
                known = self._known(panel.turn_id)
                self._took(replace(known, panel=panel, panel_final=frame.final))
            case Part() as part:
                self._took(self._known(part.turn_id).with_part(part))
            case File(text=text):
                self._screen.say(text)
                self._said.set()
        return f"{frame.content.turn_id}/{frame.key}"

    @override
    async def whisper(self, to: Command | Press, frame: Frame) -> None:
        await self.post(to.address, frame, delivery_id=to.event_id)

    @override
    async def edit(
        self, address: Address, message_id: str, frame: Frame, *, delivery_id: str = ""
    ) -> None:
        await self.post(address, frame, delivery_id=message_id)

    @override
    async def delete(self, address: Address, message_id: str) -> None:
        """Take back a part that is not printed yet; what is printed cannot be taken back."""
        turn_id, _, key = message_id.partition("/")
        shown = self._turns.get(turn_id)
        if shown is not None:
            parts = tuple(part for part in shown.parts if f"answer/{part.index}" != key)
            self._took(replace(shown, parts=parts))

    def _ask(self, permission: Permission, buttons: tuple[Button, ...]) -> None:
        """Print what is asked, once; and then what became of it."""
        asked = Asked(turn_id=permission.turn_id, value=buttons[0].value if buttons else "")
        if not buttons:
            if permission.turn_id not in self._settled:
                self._screen.say(permission.title)
        elif asked not in self._asked:
            self._asked.add(asked)
            self._screen.say(permission.text)
            self._permissions.put_nowait(asked)

    def _known(self, turn_id: str) -> Shown:
        return self._turns.get(turn_id) or Shown(turn_id=turn_id)

    def _took(self, shown: Shown) -> None:
        if shown.turn_id in self._settled:
            return
        self._turns[shown.turn_id] = shown
        footer = next((part.footer for part in shown.parts if part.footer), None)
        if footer is None:
            self._screen.show(shown)
        elif shown.panel_final or (shown.panel is None and not footer.asked):
            self._settle(shown.turn_id)
        elif shown.turn_id not in self._waiting:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(PANEL_GRACE, self._settle, shown.turn_id)
            self._waiting[shown.turn_id] = timer

    def _settle(self, turn_id: str) -> None:
        timer = self._waiting.pop(turn_id, None)
        if timer is not None:
            timer.cancel()
        shown = self._turns.pop(turn_id)
        self._settled.add(turn_id)
        unprinted = self._screen.settle(shown)
        error = shown.error or unprinted
        self._ended.put_nowait(Ended(turn_id=turn_id, error=error, panel=shown.panel))
