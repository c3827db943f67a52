"""The web chat as a chat platform: the port that delivery speaks to.

A message's id follows from its turn and key, so posting twice is posting once. It decides nothing
about what is said; browsers are told by `rooms`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from typing_extensions import override

from adapters.chat.web.render import turn_of
from adapters.chat.web.rooms import Rooms
from adapters.chat.web.status import StatusSource
from adapters.chat.web.uploads import Uploads
from core.errors import Overloaded
from core.frames import Frame
from core.menu import MENU
from core.ports import Capabilities, ChatAdapter, Clock, Intake
from core.records import Accepted, Conversation, StoredTurn
from core.shelf import FileShelf
from core.texts import intake as said
from core.types import Address, Attachment, Author, Command, Incoming, Message, Press


class Records(Protocol):
    """What a reload needs of the store; every `core.storage.Store` is one."""

    async def turns(self, session: str, *, last: int = 50) -> Sequence[StoredTurn]:
        """Give the last turns of a session, oldest first."""
        ...

    async def conversations(self, platform: str, *, owner: str) -> Sequence[Conversation]:
        """List the sessions in which `owner` asked, newest first."""
        ...

    async def waiting(self) -> Sequence[Accepted]:
        """List what was accepted and belongs to no turn yet, oldest first."""
        ...


FramesOf: TypeAlias = Callable[[StoredTurn], Sequence[Frame]]
"""The frames of a turn as the store knows it, as they would stand in a chat now."""
PresetOf: TypeAlias = Callable[[Address, Author], Awaitable[str]]
"""The name of the preset in force in a conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebParts:
    """What the web chat needs. `commands` are the words that count after a slash."""

    records: Records
    frames_of: FramesOf
    preset_of: PresetOf
    status: StatusSource
    clock: Clock
    shelf: FileShelf
    commands: frozenset[str] = frozenset({"preset"} | {each.name for each in MENU})
    platform: str = "web"


class WebChat(ChatAdapter):
    """Shows turns to browsers and takes in what they say."""

    def __init__(self, parts: WebParts) -> None:
        """Make it; nothing comes in before `run`."""
        self.parts = parts
        self.rooms = Rooms(lambda: int(parts.clock.now().timestamp() * 1000))
        self.uploads = Uploads(parts.shelf)
        self._intake: Intake | None = None

    @property
    @override
    def platform(self) -> str:
        return self.parts.platform

    @override
    def capabilities(self, address: Address) -> Capabilities:
        return Capabilities(limit=100_000, pace=0.08, opening=1, repeatable=True)

    @override
    async def run(self, intake: Intake) -> None:
        self._intake = intake
        try:
            await asyncio.Event().wait()
        finally:
            self._intake = None

    async def take_in(self, incoming: Incoming) -> bool:
        """Hand on what a browser sent; once this returns it is stored. False for a repeat.

        Raises:
            Overloaded: the gateway is starting or stopping.
            UserError, StoreError: as the intake says; it is not stored.
        """
        if self._intake is None:
            raise Overloaded(said.NOT_READY)
        return await self._intake(incoming)

    @override
    async def acknowledge(self, message: Message) -> None:
        self.rooms.hint(message.address.session, "asked", message.message_id or "")

    @override
    def fetch(self, file: Attachment) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self.uploads.fetched(file)

    @override
    async def post(
        self, address: Address, frame: Frame, *, delivery_id: str, reply_to: str | None = None
    ) -> str:
        turn_id = turn_of(frame)
        message_id = delivery_id if turn_id is None else f"{turn_id}/{frame.key}"
        self.rooms.show(address.session, message_id, frame)
        return message_id

    @override
    async def whisper(self, to: Command | Press, frame: Frame) -> None:
        await self.post(to.address, frame, delivery_id=to.event_id)

    @override
    async def edit(
        self, address: Address, message_id: str, frame: Frame, *, delivery_id: str = ""
    ) -> None:
        self.rooms.show(address.session, message_id, frame)

    @override
    async def delete(self, address: Address, message_id: str) -> None:
        self.rooms.remove(address.session, message_id)

    def close(self) -> None:
        """End the event streams, so that the server can stop."""
        self.rooms.close()
